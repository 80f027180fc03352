# SPDX-License-Identifier: Apache-2.0
"""Classes leave in natural order, whatever layer is last, and whoever reads them sees it if not."""

from dataclasses import replace
from pathlib import Path

import pytest

from firebrick.ir.network import Network
from firebrick.plan.engines import Derived, derive
from firebrick.plan.pipeline import Pipeline, build
from firebrick.plan.plan import Plan
from firebrick.progress import silent
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.verify import csim_build, csim_engine, hls4ml_engine
from firebrick.verify.compare import compare
from firebrick.verify.simulation.network_bench import build_network, simulate
from hls4ml_models import need_hls4ml
from networks import network_ending_in, random_pixels

KINDS = ("conv", "add", "maxpool")


def planned(network: Network) -> Plan:
    return plan(network, Goal(multipliers=12))


def permuted(network: Network, chosen: Plan) -> Pipeline:
    """What plans made of a last convolution before: its classes in an order of their own."""
    derived = derive(network, chosen.foldings)
    name = network.output
    order = derived.orders[name][::-1]
    last = replace(derived.engines[name], out_order=order)
    engines = {**derived.engines, name: last}
    return build(network, chosen, Derived(engines, {**derived.orders, name: order}))


def in_rtl(network: Network, chosen: Plan, pipeline: Pipeline, folders: tuple[Path, Path]) -> dict:
    build_root, workdir = folders
    pixels = random_pixels(3, network, 3)
    binary = build_network(network, pipeline, build_root, optimize="-O0")
    stalls, cycles = (60, 60), chosen.cycles_per_frame
    result = simulate(binary, pipeline, pixels, workdir, cycles, stalls=stalls, progress=silent)
    return {x.layer: x.differing for x in compare(network.golden(pixels), result.tensors)}


def in_csim(network: Network, pipeline: Pipeline, folders: tuple[Path, Path]) -> dict:
    build_root, workdir = folders
    pixels = random_pixels(3, network, 3)
    binary = csim_build.build(network, pipeline, build_root)
    tensors = csim_engine.simulate(binary, pipeline, pixels, workdir)
    return {x.layer: x.differing for x in compare(network.golden(pixels), tensors)}


@pytest.mark.parametrize("kind", KINDS)
def test_classes_leave_in_natural_order(kind: str) -> None:
    network = network_ending_in(kind)
    pipeline = build(network, planned(network))
    natural = tuple(range(network.layers[-1].operator.output.channels))
    assert pipeline.link(pipeline.output_link).order == natural
    # others are still ordered as suits their lanes
    assert pipeline.link("conv1").order != tuple(range(6))


@pytest.mark.parametrize("kind", KINDS)
def test_the_raw_stream_is_the_reference_in_rtl(
    kind: str, build_root: Path, tmp_path: Path
) -> None:
    network = network_ending_in(kind)
    chosen = planned(network)
    found = in_rtl(network, chosen, build(network, chosen), (build_root, tmp_path))
    assert found == {x.name: 0 for x in network}


@pytest.mark.parametrize("kind", KINDS)
def test_the_raw_stream_is_the_reference_in_csim(
    kind: str, build_root: Path, tmp_path: Path
) -> None:
    network = network_ending_in(kind)
    pipeline = build(network, planned(network))
    found = in_csim(network, pipeline, (build_root, tmp_path))
    assert found == {x.name: 0 for x in network}


def test_what_hls4ml_predicts_is_the_reference(build_root: Path) -> None:
    need_hls4ml()
    network = network_ending_in("add")
    chosen, pixels = planned(network), random_pixels(3, network, 3)
    project = hls4ml_engine.build(network, chosen, build_root)
    tensors = hls4ml_engine.predict(project, network, chosen, pixels)
    found = {x.layer: x.differing for x in compare(network.golden(pixels), tensors)}
    assert found == {x.name: 0 for x in network}


def test_permuted_classes_are_seen(build_root: Path, tmp_path: Path) -> None:
    network = network_ending_in("conv")
    chosen = planned(network)
    wrong = permuted(network, chosen)
    for folder in ("rtl", "csim"):
        (tmp_path / folder).mkdir()
    of_rtl = in_rtl(network, chosen, wrong, (build_root, tmp_path / "rtl"))
    of_csim = in_csim(network, wrong, (build_root, tmp_path / "csim"))
    for found in (of_rtl, of_csim):
        assert found["conv1"] == 0
        assert found[network.output] > 0


def test_a_plan_file_holds_no_order_that_could_be_an_old_one() -> None:
    """Orders follow from weights and foldings: an old plan gives the hardware of today."""
    network = network_ending_in("conv")
    chosen = planned(network)
    again = Plan.from_json(chosen.to_json())
    assert "order" not in chosen.to_json()
    natural = tuple(range(network.layers[-1].operator.output.channels))
    assert build(network, again).link(network.output).order == natural
