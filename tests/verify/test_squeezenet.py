# SPDX-License-Identifier: Apache-2.0
"""The whole of SqueezeNet on real photographs, through the command line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from firebrick.cli import app

CATS = (281, 282, 285)
ESPRESSO = 967


def verify(model: Path, *arguments: str) -> dict:
    result = CliRunner().invoke(app, ["verify", str(model), *arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def check(report: dict, frames: int) -> None:
    assert report["differing"] == 0
    for engine in report["engines"].values():
        assert set(engine["by_layer"].values()) == {0}
        assert engine["layers"] == len(engine["by_layer"]) == 22
    rtl = report["engines"]["rtl"]
    predicted = rtl["predicted_cycles_per_frame"]
    if frames > 1:
        assert abs(rtl["cycles_per_frame"] - predicted) <= predicted // 100
    cat, espresso = (x["top5"][0]["index"] for x in report["results"][:2])
    assert cat in CATS
    assert espresso == ESPRESSO


def test_v1_1_in_hardware_equals_reference(squeezenet_file: Path) -> None:
    check(verify(squeezenet_file, "chelsea", "coffee"), 2)


@pytest.mark.slow
def test_three_photographs_v1_1(squeezenet_file: Path) -> None:
    check(verify(squeezenet_file, "chelsea", "coffee", "rocket"), 3)


@pytest.mark.slow
def test_three_photographs_v1_0_deep_compression(compressed_file: Path) -> None:
    check(verify(compressed_file, "chelsea", "coffee", "rocket"), 3)
