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


@pytest.mark.longest
@pytest.mark.parametrize("fixture", ["squeezenet_file", "compressed_file"])
def test_photographs_back_to_back_equal_the_reference(
    fixture: str, request: pytest.FixtureRequest
) -> None:
    report = verify(request.getfixturevalue(fixture), "chelsea", "coffee")
    assert report["differing"] == 0
    assert set(report["engines"]) == {"onnxruntime", "rtl"}
    for engine in report["engines"].values():
        assert set(engine["by_layer"].values()) == {0}
        assert engine["layers"] == len(engine["by_layer"]) == 22
    rtl = report["engines"]["rtl"]
    predicted = rtl["predicted_cycles_per_frame"]
    assert abs(rtl["cycles_per_frame"] - predicted) <= predicted // 100
    cat, espresso = (x["top5"][0]["index"] for x in report["results"])
    assert cat in CATS
    assert espresso == ESPRESSO
