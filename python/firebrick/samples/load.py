# SPDX-License-Identifier: Apache-2.0
"""Images to calibrate on and images to measure on: never the same one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from firebrick import images, inputs
from firebrick.arrays import is_array
from firebrick.errors import FirebrickError
from firebrick.images import PixelArray
from firebrick.ir.graph import Graph
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.quantizer import TRIAL_CROPS
from firebrick.samples.arrays import load_arrays
from firebrick.samples.draw import Drawn, draw, list_images, photograph

HELD_OUT = 5
"""One image in so many is not calibrated on; quality is measured on it."""
MEASURED = 64
"""Most images of a folder that quality is measured on."""
SAMPLE_PHOTOGRAPHS = "sample photographs"
"""Where images come from unless told otherwise."""


@dataclass(frozen=True)
class Samples:
    """What a network is quantized on.

    Attributes:
        calibration: to calibrate on, as `quantizer.quantize` takes it.
        evaluation: to measure quality on, as `quality.sqnr_db` takes it; none of the former.
        measured_on: where `evaluation` comes from, for people to read.
    """

    calibration: Sequence[PixelArray] | PixelArray
    evaluation: Sequence[PixelArray] | PixelArray
    measured_on: str


def load_samples(
    graph: Graph, calibration: Path | None, evaluation: Path | None, options: QuantizeOptions
) -> Samples:
    """Photographs, or arrays if the folder holds such, from all over the folders.

    Only those that are drawn are read: as many as are calibrated on, and at most `MEASURED` to
    measure on. With a folder to calibrate on alone, every fifth of those drawn is kept back.

    Args:
        graph: to be quantized.
        calibration: folder of photographs or ``.npy`` files; None for the samples that packages
            carry.
        evaluation: likewise; None for what is kept back of `calibration`, or for samples.
        options: how many are calibrated on, and the seed of the choice.

    Raises:
        FirebrickError: naming file or folder and the rule.
    """
    if calibration is None:
        graph.preprocessing.require_photographs(f"{graph.name}: --calibration")
    most = options.crops + TRIAL_CROPS
    if evaluation is None:
        if calibration is None:
            learned = images.load_samples(images.CALIBRATION)
            return Samples(learned, images.load_samples(images.EVALUATION), SAMPLE_PHOTOGRAPHS)
        drawn = _draw(graph, calibration, -(-most * HELD_OUT // (HELD_OUT - 1)), options.seed)
        kept, held = _hold_out(drawn, calibration)
        text = f"{calibration}, every fifth image, not calibrated on"
        return Samples(_to_learn(kept), _to_measure(held, graph), text)
    if calibration is not None:
        _check_apart(calibration, evaluation)
    held = _draw(graph, evaluation, MEASURED, options.seed)
    if calibration is None:
        samples = (images.sample_path(x) for x in images.CALIBRATION)
        _check_different([photograph(x) for x in samples if x is not None], held)
        learned = images.load_samples(images.CALIBRATION)
        return Samples(learned, _to_measure(held, graph), str(evaluation))
    kept = _draw(graph, calibration, most, options.seed)
    _check_different(kept, held)
    return Samples(_to_learn(kept), _to_measure(held, graph), str(evaluation))


def _draw(graph: Graph, folder: Path, most: int, seed: int) -> list[Drawn]:
    paths, rng = list_images(folder), np.random.default_rng(seed)
    if is_array(paths[0]):
        return load_arrays(paths, graph, most, rng, f"folder {str(folder)!r}")
    graph.preprocessing.require_photographs(f"folder {str(folder)!r}")
    return [photograph(path) for path in draw(paths, most, rng)]


def _hold_out(drawn: Sequence[Drawn], folder: Path) -> tuple[list[Drawn], list[Drawn]]:
    """Those to calibrate on, and those to measure on.

    Raises:
        FirebrickError: there are not two different ones.
    """
    if len(drawn) < 2:
        raise FirebrickError(
            f"folder {str(folder)!r}: images=1: give 2 or more, one of them to measure quality on, "
            "or --evaluation"
        )
    last = min(HELD_OUT, len(drawn)) - 1
    kept = [x for place, x in enumerate(drawn) if place % HELD_OUT != last]
    keys = {x.key for x in kept}
    held = [x for place, x in enumerate(drawn) if place % HELD_OUT == last and x.key not in keys]
    if not held:
        raise FirebrickError(
            f"folder {str(folder)!r}: {drawn[last].path.name!r} and all others kept back to "
            "measure quality on are the same as ones to calibrate on: give --evaluation"
        )
    return kept, held


def _check_apart(calibration: Path, evaluation: Path) -> None:
    """Refuse a folder to measure on that is, holds or lies within that to calibrate on."""
    # not Path.resolve(), which raises where links lead in a circle
    one, other = (Path(os.path.realpath(x)) for x in (calibration, evaluation))
    if one.is_relative_to(other) or other.is_relative_to(one):
        raise FirebrickError(
            f"folder {str(evaluation)!r}: shares images with --calibration {str(calibration)!r}: "
            "give folders apart, or no --evaluation: then every fifth image is kept back for it"
        )


def _check_different(kept: Sequence[Drawn], held: Sequence[Drawn]) -> None:
    """Refuse images to measure on that are also calibrated on, under whatever name."""
    paths = {x.key: x.path for x in kept}
    for drawn in held:
        if drawn.key in paths:
            raise FirebrickError(
                f"image {str(drawn.path)!r}: is the same as {str(paths[drawn.key])!r}, which is "
                "calibrated on: measure quality on others"
            )


def _to_learn(drawn: Sequence[Drawn]) -> list[PixelArray] | PixelArray:
    """Whole photographs, or arrays as they are.

    Raises:
        FirebrickError: one is no photograph, or they take too much memory.
    """
    frames = [x.frame for x in drawn if x.frame is not None]
    if frames:
        return np.stack(frames)
    photographs, kept = [], 0
    for each in drawn:
        photographs.append(images.load_photograph(each.path))
        kept += photographs[-1].size
        if kept > images.MAX_KEPT:
            raise FirebrickError(
                f"image {str(each.path)!r}: values={kept} up to here exceed {images.MAX_KEPT}"
            )
    return photographs


def _to_measure(drawn: Sequence[Drawn], graph: Graph) -> PixelArray:
    """As the network takes them: photographs cut to its size, as for inference."""
    how, height, width = graph.preprocessing, graph.input.height, graph.input.width
    frames = [
        inputs.load(x.path, how, height, width)[0] if x.frame is None else x.frame for x in drawn
    ]
    return np.stack(frames)
