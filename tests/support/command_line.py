# SPDX-License-Identifier: Apache-2.0
"""Running commands in this process, for tests of the command line."""

import contextlib
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from PIL import Image

from firebrick.cli import main
from firebrick.ir.network import Network
from firebrick.quantize.integer_onnx import export
from networks import random_pixels

ODD = "a b'c\"$HOME`#1;%d\\ü\n*-"
"""A name that means something to every tool."""


def fill(folder: Path, network: Network) -> Path:
    """Write a quantized model, q.onnx, and two photographs, a.png and b.png."""
    export.write(network, folder / "q.onnx")
    for name, pixels in zip("ab", random_pixels(3, network, 2), strict=True):
        array = pixels.astype(np.uint8).transpose(1, 2, 0)
        Image.fromarray(array).save(folder / f"{name}.png")
    return folder


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


def firebrick(folder: Path, *arguments: str) -> Result:
    """Run a command in `folder`, in this process: importing anew takes seconds."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(sys, "argv", ["firebrick", *arguments]),
        pytest.raises(SystemExit) as stop,
    ):
        sys.exit(main())
    return Result(int(stop.value.code or 0), out.getvalue(), err.getvalue())


def fields(folder: Path, *arguments: str) -> dict:
    result = firebrick(folder, *arguments, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def refused(result: Result) -> str:
    """The one line of a command that found that something does not fit."""
    assert result.returncode == 1
    (message,) = (x for x in result.stderr.splitlines() if x.startswith("firebrick: "))
    return message
