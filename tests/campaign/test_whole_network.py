# SPDX-License-Identifier: Apache-2.0
"""A whole network under its driver, in simulation."""

import json
from pathlib import Path

import pytest

from firebrick.campaign.designs import DESIGNS, network_of, plan_of
from firebrick.campaign.network import main, simulate
from firebrick.errors import FirebrickError
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from networks import headed_network, random_pixels

CATS = (281, 282, 285)
ESPRESSO = 967


@pytest.mark.parametrize("design", DESIGNS[:2], ids=lambda x: x.name)
def test_a_tiny_network(design, build_root: Path) -> None:
    network = network_of(design)
    pixels = random_pixels(1, network, 3).astype("uint8")
    chosen = plan_of(design, network)
    result = simulate(network, chosen, pixels, build_root=build_root, optimize="-O0")
    assert result.right
    assert (result.values, result.differing) == (3 * design.classes, 0)
    assert abs(result.frame_cycles - result.planned_cycles) <= result.planned_cycles // 100
    with pytest.raises(FirebrickError, match="at least two"):
        simulate(network, chosen, pixels[:1])


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "signed"), [(6, True), (0, False)], ids=["signed", "unsigned"])
def test_wide_logits_of_a_linear_layer(seed: int, signed: bool, build_root: Path) -> None:
    network = headed_network((8, 1), seed=seed, signed=signed)
    pixels = random_pixels(1, network, 3).astype("uint8")
    assert abs(network.golden(pixels.astype("int64"))[network.output]).max() > 255
    chosen = plan(network, Goal(multipliers=8))
    result = simulate(network, chosen, pixels, build_root=build_root, optimize="-O0")
    assert (result.values, result.differing) == (3, 0)


def test_no_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.onnx")]) == 2
    assert "none.onnx" in capsys.readouterr().err


@pytest.mark.slow
def test_squeezenet_photographs_as_a_batch(
    squeezenet_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whole v1.1: classes, logits, and cycles per frame within 1 % of the plan."""
    assert main([str(squeezenet_file), "chelsea", "coffee", "rocket", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    print(result)
    cat, espresso, _ = result["top5"]
    assert cat[0] in CATS
    assert espresso[0] == ESPRESSO
    assert (result["values"], result["differing"]) == (3000, 0)
    planned = result["planned_cycles"]
    assert abs(result["frame_cycles"] - planned) <= planned // 100
