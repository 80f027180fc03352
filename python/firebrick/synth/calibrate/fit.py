# SPDX-License-Identifier: Apache-2.0
"""Fit the area model to Yosys: ``python -m firebrick.synth.calibrate.fit [ENGINES]``.

Draws convolution engines, synthesizes their parts and the modules around convolutions, and writes
`area/coefficients.py`. Counts once made are kept in the cache; without them it takes some twenty
minutes.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import firebrick.area.coefficients as target
from firebrick.area import shell
from firebrick.area.estimate import parts
from firebrick.data import hardware_sources
from firebrick.emit.rtl.memories import memory_text
from firebrick.files.output import whole_file
from firebrick.hardware.features import Features
from firebrick.hardware.memory import Memory, MemoryKind
from firebrick.hardware.resources import Family, Resources
from firebrick.ops import ENGINES, PLUMBING
from firebrick.ops.conv.engine import ConvEngine
from firebrick.ops.conv.shape import ConvShape, part_parameters
from firebrick.processes import ended_by_signals
from firebrick.synth.calibrate.geometries import draw_engines
from firebrick.synth.yosys.module import synthesize_module

SEED, DRAWN = 1, 24
DEEPEST = 1500
"""Words beyond which nobody wants a memory of LUTs, and Yosys takes minutes."""
LUT = MemoryKind.LUT
IMAGES = {
    "conv_weights": ("weights0", "lengths0", "positions0", "codebook"),
    "conv_writer": ("channels",),
    "conv_drain": ("requantize",),
}
"""Images that a part reads, by the beginning of their suffix; of lanes the first one's."""
HEAD = '''# SPDX-License-Identifier: Apache-2.0
"""Coefficients of the area model: `python -m firebrick.synth.calibrate.fit` writes this file.

Per family and part of a module: LUTs, then flip-flops, for a unit of each of its terms, in the
order in which the operators' `area` lists them. Before each how far the fit is off, root mean
square.
"""

from collections.abc import Mapping

from firebrick.hardware.resources import Family

Weights = tuple[tuple[float, ...], tuple[float, ...]]

COEFFICIENTS: Mapping[Family, Mapping[str, Weights]] = {
'''


class Count(NamedTuple):
    """One synthesis, and what the model says of it."""

    module: str
    parameters: dict[str, int]
    images: dict[str, str]
    features: Features


def conv_jobs(count: int, family: Family) -> Iterator[Count]:
    """Parts of drawn engines; lanes, most of every device, of as many planned ones too."""
    ultra = family is Family.XCUP
    yield from _parts(itertools.islice(draw_engines(SEED, ultra=ultra), count), family)
    planned = itertools.islice(draw_engines(SEED, ultra=ultra, planned=True), count)
    yield from (x for x in _parts(planned, family) if x.module == "conv_lane")


def _parts(engines: Iterable[ConvEngine], family: Family) -> Iterator[Count]:
    for drawn in engines:
        engine = drawn
        conv = {name: int(value) for name, value in engine.parameters().items()}
        shape = ConvShape(conv)
        too_deep = conv["weight_kind"] == LUT and shape.weight_words > DEEPEST
        if too_deep:
            placement = replace(drawn.folding.placement, weights=MemoryKind.BLOCK)
            engine = replace(drawn, folding=replace(drawn.folding, placement=placement))
        texts = {f"conv.{name}.mem": memory_text(x) for name, x in engine.memories().items()}
        features = {x.module: x.features for x in parts("conv", conv, family)}
        for module, parameters in part_parameters(conv).items():
            if module == "conv_weights" and too_deep:
                continue
            named = tuple(f"conv.{x}" for x in IMAGES.get(module, ()))
            images = {name: text for name, text in texts.items() if name.startswith(named)}
            images = images if named else {}
            yield Count(module, parameters, images, features[module])


def stream_jobs(family: Family) -> Iterator[Count]:
    """Modules around convolutions, each the same whatever others there are."""
    for module, engine in {**ENGINES, **PLUMBING}.items():
        rng = np.random.default_rng(SEED)
        for parameters in engine.GEOMETRIES:
            yield _stream_job(module, parameters, engine.random_memories(parameters, rng), family)
    for module, geometries in shell.GEOMETRIES.items():
        for parameters in geometries:
            yield _stream_job(module, parameters, {}, family)


def _stream_job(
    module: str, parameters: dict[str, int], memories: Mapping[str, Memory], family: Family
) -> Count:
    images = {f"{module}.{name}.mem": memory_text(x) for name, x in memories.items()}
    (part,) = parts(module, parameters, family)
    return Count(module, parameters, images, part.features)


def count(job: Count, family: Family) -> Resources:
    """What Yosys says of a job."""
    literals = {name.upper(): str(value) for name, value in job.parameters.items()}
    sources = hardware_sources()
    return synthesize_module(job.module, literals, job.images, sources, family).resources


def fit(terms: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coefficients, none negative, with the least sum of squares: one after the other improved."""
    products, goal = terms.T @ terms, terms.T @ wanted
    found = np.zeros(len(goal))
    for _ in range(5000):
        for n in np.flatnonzero(products.diagonal()):
            step = (goal[n] - products[n] @ found) / products[n, n]
            found[n] = max(0.0, found[n] + step)
    return found


def fitted(samples: list[tuple[Features, Resources]], kind: str) -> tuple[str, float]:
    """Coefficients as text, and their error."""
    terms = np.array([getattr(x, f"{kind}_terms") for x, _ in samples], float)
    whole = np.array([getattr(x, kind) for _, x in samples], float)
    memory = [x.memory.ffs if kind == "ff" else x.memory.luts + x.memory.lutram for x, _ in samples]
    # Errors count relative to the size of the part, but not so in the smallest.
    weight = 1 / (whole + 100)
    found = fit(terms * weight[:, None], (whole - memory) * weight)
    error = (terms @ found + memory - whole) / np.maximum(whole, 1)
    return ", ".join(f"{round(float(x), 4):g}" for x in found), float(np.sqrt((error**2).mean()))


def main(engines: int) -> None:
    """Synthesize, fit, write."""
    entries = [line for family in Family for line in _family(family, engines)]
    with whole_file(Path(target.__file__)) as temporary:
        temporary.write_text(HEAD + "".join(entries) + "}\n")


def _family(family: Family, engines: int) -> Iterator[str]:
    jobs = [*stream_jobs(family), *conv_jobs(engines, family)]
    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(lambda job: count(job, family), jobs))
    samples: dict[str, list[tuple[Features, Resources]]] = {}
    for job, resources in zip(jobs, counts, strict=True):
        exact = (job.features.dsp, job.features.memory.bram18)
        if exact != (resources.dsp, resources.bram18):
            print(f"{family} {job.module}: {exact} is {resources}: {job.parameters}")
        samples.setdefault(job.module, []).append((job.features, resources))
    yield f"    Family.{family.name}: {{\n"
    for module, found in sorted(samples.items()):
        yield f'        "{module}": (\n'
        for kind in ("lut", "ff"):
            text, error = fitted(found, kind)
            yield f"            # {error:.1%} of {len(found)}\n            ({text}),\n"
        yield "        ),\n"
    yield "    },\n"


if __name__ == "__main__":
    with ended_by_signals():
        main(int(sys.argv[1]) if len(sys.argv) > 1 else DRAWN)
