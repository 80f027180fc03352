# SPDX-License-Identifier: Apache-2.0
"""Synthesis of one module with its parameters and memory images, kept by content."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from firebrick.checked.documents import parse_json
from firebrick.checked.fields import Fields
from firebrick.errors import FirebrickError
from firebrick.files.cache import cache_folder, kept_text
from firebrick.files.key import code_key, content_key
from firebrick.hardware.resources import Family, Resources
from firebrick.processes import HERE, run
from firebrick.synth.log import reason
from firebrick.synth.yosys.cells import tally
from firebrick.synth.yosys.netlist import base_name
from firebrick.synth.yosys.scratch import yosys_scratch
from firebrick.synth.yosys.worker import CELLS, JOB, Synthesis

TIMEOUT = 3600.0
"""Seconds after which one synthesis is given up."""
MOST = 1 << 32
"""No netlist has more cells of a type."""
IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class ModuleReport:
    """What one module takes.

    Attributes:
        cells: per module of its netlist, cells by type; the first is the module itself.
        seconds: the synthesis took, whenever it was.
    """

    cells: dict[str, dict[str, int]]
    seconds: float

    @property
    def resources(self) -> Resources:
        """All that it takes."""
        return tally(self.cells, next(iter(self.cells)))

    def part(self, name: str) -> Resources:
        """What the first of its submodules of this name takes.

        Raises:
            StopIteration: when it has none.
        """
        return tally(self.cells, next(x for x in self.cells if base_name(x) == name))


def synthesize_module(
    module: str,
    parameters: Mapping[str, str],
    images: Mapping[str, str],
    sources: Sequence[Path],
    family: Family,
    timeout: float = TIMEOUT,
) -> ModuleReport:
    """Synthesize a module, or return what was found before of the same contents.

    Args:
        module: name of the module.
        parameters: literals by parameter name.
        images: text of the memory images by file name, as the module's default ``PREFIX`` has it.
        sources: files among which it and its submodules are.
        family: device family.
        timeout: seconds.

    Raises:
        FirebrickError: naming module and reason, when Yosys fails or takes too long.
    """
    texts = {x.name: x.read_text() for x in _closure(module, sources)}
    key = content_key(
        *(module, family, metadata.version("pyosys"), code_key(__name__)),
        content_key(*texts.values()),
        content_key(*(f"{name}={value}" for name, value in sorted(parameters.items()))),
        content_key(*(f"{name}:{value}" for name, value in sorted(images.items()))),
    )
    path = cache_folder("synth") / f"{key}.json"
    job = Synthesis(module, dict(parameters), list(texts), family)
    return kept_text(
        path,
        lambda text: _read(text, str(path)),
        lambda: json.dumps(_run(job, texts | dict(images), timeout)),
    )


def _read(text: str, source: str) -> ModuleReport:
    """What was found.

    Raises:
        FirebrickError: when the text is damaged.
    """
    top = Fields(parse_json(text, source), source)
    modules = {
        name: {x: cells.whole(x, 0, MOST) for x in tuple(cells.left)}
        for name, cells in top.objects_by_name("cells")
    }
    return ModuleReport(modules, top.number("seconds"))


def _run(job: Synthesis, texts: Mapping[str, str], timeout: float) -> dict[str, object]:
    """Synthesize in a scratch folder, with all files there: Yosys quotes no path.

    Returns what is kept.
    """
    start = time.monotonic()
    with yosys_scratch() as folder:
        for file, text in texts.items():
            (folder / file).write_text(text)
        (folder / JOB).write_text(job.text())
        with (folder / "log").open("w") as log:
            try:
                command = [sys.executable, "-m", "firebrick.synth.yosys.worker"]
                status = run(command, folder, log, env=HERE, timeout=timeout)
            except subprocess.TimeoutExpired:
                raise FirebrickError(
                    f"{job.top}: Yosys has not finished in {timeout:g} seconds"
                ) from None
        if status or not (folder / CELLS).is_file():
            text = (folder / "log").read_text(errors="replace")
            raise FirebrickError(f"{job.top}: Yosys failed ({status}): {reason(text)}")
        cells = json.loads((folder / CELLS).read_text())
    # The module itself first, whatever order Yosys lists them in.
    cells = {job.top: cells[job.top]} | cells
    return {"cells": cells, "seconds": round(time.monotonic() - start, 1)}


def _closure(module: str, sources: Sequence[Path]) -> list[Path]:
    """Files of a module and of all that it names, so that other files do not change the key.

    Raises:
        FirebrickError: when no file has the module's name.
    """
    files = {path.stem: path for path in sources}
    if module not in files:
        raise FirebrickError(f"module {module!r} has no source file")
    found: set[str] = set()
    todo = {module}
    while todo:
        found |= todo
        named = {x for stem in todo for x in IDENTIFIER.findall(files[stem].read_text())}
        todo = (named & files.keys()) - found
    return [files[stem] for stem in sorted(found)]
