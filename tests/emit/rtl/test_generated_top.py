# SPDX-License-Identifier: Apache-2.0
"""The generated top: pinned text for two layers, lint of every kind of connection."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firebrick.emit.rtl.generate import check_onchip, generate, manifest
from firebrick.emit.rtl.network_top import TOP, network_module
from firebrick.errors import CheckFailed, FirebrickError
from firebrick.ir.network import Layer, Network
from firebrick.ops.conv.folding import QUEUE_DEPTH
from firebrick.ops.folding import Folding
from firebrick.plan.complete import complete
from firebrick.plan.engines import derive
from firebrick.plan.pipeline import build
from firebrick.plan.plan import ONCHIP_LIMIT, Plan
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from networks import fire_network, random_conv, small_network
from rtl_lint import assert_clean

SNAPSHOT = Path(__file__).with_name("two_layers.sv")


def two_layers() -> Network:
    """A squeeze and an expand."""
    return fire_network(small_network(bypass=False), 2)


def test_two_layer_top_is_as_pinned() -> None:
    network = two_layers()
    text = network_module(
        build(network, plan(network, Goal(multipliers=8))), ("Two layers.",)
    ).text()
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(text)
    assert text == SNAPSHOT.read_text()


@pytest.mark.parametrize("bypass", [True, False], ids=["bypass", "chain"])
def test_generated_folder_is_lint_clean(bypass: bool, tmp_path: Path) -> None:
    network = small_network(bypass=bypass)
    generate(network, plan(network, Goal(multipliers=24)), tmp_path / "rtl")
    sources = [*sorted((tmp_path / "rtl" / "hw").glob("*.sv")), tmp_path / "rtl" / f"{TOP}.sv"]
    assert_clean(sources, "--top-module", TOP)


def test_manifest_tells_each_stream_by_its_own_width_and_scale() -> None:
    network = small_network(bypass=False)
    names = ("image", *(x.name for x in network))
    network = replace(network, scales={x: n + 1.0 for n, x in enumerate(names)})
    chosen = plan(network, Goal(multipliers=24))
    found = manifest(network, chosen, build(network, chosen), [])
    assert found["image"] == {
        "tdata_bits": 24 * chosen.pixels,
        "frame_beats": 25 * -(-25 // chosen.pixels),
        "height": 25,
        "width": 25,
    }
    bits = network.layers[-1].operator.output.bits
    assert found["logits"] == {
        "tdata_bits": bits,
        "frame_beats": 7,
        "scale": float(len(network.layers) + 1),
    }


def test_another_networks_plan_is_refused(tmp_path: Path) -> None:
    chosen = plan(two_layers(), Goal(multipliers=8))
    with pytest.raises(FirebrickError, match="is not that of model 'small'"):
        generate(small_network(), chosen, tmp_path / "rtl")
    assert not (tmp_path / "rtl").exists()


def too_large() -> tuple[Network, Plan]:
    """A layer whose rows do not fit: 2,000 channels, 3,000 pixels wide."""
    small = small_network(bypass=False)
    kind = type(small.image)(1000, 4, 6000)
    conv = random_conv(np.random.default_rng(1), "wide", kind, 2, 3, pad=1, density=0.01)
    layer = Layer(conv, ("image",))
    network = Network("wide", kind, (layer,), small.preprocessing, {"image": 1.0, "wide": 1.0})
    chosen = {"wide": Folding(columns=4, lanes=1, drain=1, queue_depth=QUEUE_DEPTH)}
    return network, complete(network, chosen, derive(network, chosen))


def test_more_than_10_mb_on_chip_is_refused(tmp_path: Path) -> None:
    network, chosen = too_large()
    assert chosen.onchip_bytes["total"] > ONCHIP_LIMIT
    with pytest.raises(CheckFailed, match=rf"onchip_bytes=\d+ .* exceeds {ONCHIP_LIMIT}"):
        check_onchip(chosen)
    with pytest.raises(CheckFailed):
        generate(network, chosen, tmp_path / "rtl")
    assert not (tmp_path / "rtl").exists()
