# SPDX-License-Identifier: Apache-2.0
"""The notebook of a bundle, as Jupyter on a PYNQ board opens it: nbformat 4, no outputs."""

from __future__ import annotations

import json

from firebrick.deploy.wheel import PYTHON
from firebrick.quoting import markdown

OPEN = """\
import os
import sys

here = os.getcwd()  # nothing is imported from this folder, whatever lies in it
sys.path[:] = [x for x in sys.path if x and os.path.realpath(x) != here]

from pathlib import Path
from runpy import run_path

BUNDLE = Path(here)
run_path(str(BUNDLE / "run.py"))["find_driver"]()  # the installed one, or that in the wheel

from firebrick.runtime import Bundle
from firebrick.web.bundles import open_classifier

bundle = Bundle.open(BUNDLE)  # every file is compared with its checksum
DEVICE = None  # what the bundle was made for; or "sim", "pynq", "xrt"
"""

_OPEN_TEXT = """\
## The bundle

The folder that this notebook lies in. Files that are not listed in it are refused, photographs
excepted, and so is a file that has changed, this one too: Jupyter changes a notebook when it saves
it. To keep what you do here, copy the notebook to another folder and set `here` to this one.
"""

CLASSIFY = """\
PHOTOGRAPH = None  # the bundle's sample; or a path: BUNDLE / "photo.jpg"

with open_classifier(BUNDLE, DEVICE, say=print) as opened:
    model = opened.classifier.model
    pixels = opened.image(PHOTOGRAPH)
    result = opened.classifier.infer(pixels)

for best in result.best:
    print(f"{best.share:7.1%}  {best.name}")
"""

TIME = """\
print(f"{result.milliseconds:.1f} ms for this photograph, as the host saw it")
print(f"{result.latency_cycles:,} cycles for it in the accelerator")
print(f"{result.frame_cycles:,} cycles between photographs back to back")
for name, kind, cycles in model.engines:
    busy = cycles / result.frame_cycles
    print(f"{busy:7.1%}  {'#' * round(40 * busy):40}  {name}")
"""

DRIVER = """\
import numpy as np

from firebrick.runtime import Accelerator

with Accelerator.open(bundle, device=opened.device) as accelerator:
    logits = accelerator.infer(np.stack([pixels, pixels[:, ::-1]]))

[bundle.labels[x] for x in logits.argmax(1)]
"""


def notebook(model: str) -> str:
    """Text of the notebook, which shows the name as it is.

    Args:
        model: name of the network.
    """
    cells = [
        _text(
            "title",
            f"# {markdown(model)} on an FPGA\n\nRun the cells from the top; each says what it is.",
        ),
        _text("open-text", _OPEN_TEXT),
        _code("open", OPEN),
        _text("classify-text", "## A photograph\n\nPut a JPEG, PNG or WebP file of your own here."),
        _code("classify", CLASSIFY),
        _text("time-text", "## Time\n\nCycles, and the share of them that each engine works."),
        _code("time", TIME),
        _text("driver-text", "## The driver by itself\n\nPixels in, logits out, many at once."),
        _code("driver", DRIVER),
    ]
    version = ".".join(map(str, PYTHON))
    document = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python", "version": version},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document, indent=1) + "\n"


def _text(name: str, text: str) -> dict[str, object]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": _lines(text)}


def _code(name: str, text: str) -> dict[str, object]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": {},
        "outputs": [],
        "source": _lines(text.rstrip("\n")),
    }


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)
