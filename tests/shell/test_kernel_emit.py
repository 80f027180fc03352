# SPDX-License-Identifier: Apache-2.0
"""The generated kernels: ports, widths, the manifest, lint; networks that have none."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from shell_bench import Case, tiny_network, tiny_plan

from firebrick.emit.rtl.generate import generate
from firebrick.emit.rtl.kernel_top import KERNEL, STREAM, kernel_module, stream_module
from firebrick.emit.rtl.load_chain import LOAD_FILE
from firebrick.emit.rtl.network_top import TOP
from firebrick.emit.rtl.registers import HEADER
from firebrick.emit.rtl.systemverilog import Module
from firebrick.plan.kernel import Kernel, kernel_of
from firebrick.plan.pipeline import build
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from networks import fire_network, network_ending_in, small_network
from rtl_lint import assert_clean

SQUEEZENET = Kernel(
    height=227,
    width=227,
    channels=3,
    pixels=2,
    classes=1000,
    logit_bits=17,
    logit_signed=True,
    load_words=0,
    cycles=1_000_000,
    model_hash="0123456789abcdef0123456789abcdef",
)
LITE = {
    **{"awaddr": 12, "awvalid": 1, "awready": -1, "wdata": 32, "wstrb": 4, "wvalid": 1},
    **{"wready": -1, "bresp": -2, "bvalid": -1, "bready": 1},
    **{"araddr": 12, "arvalid": 1, "arready": -1},
    **{"rdata": -32, "rresp": -2, "rvalid": -1, "rready": 1},
}
"""Bits of the slave's ports; outputs are negative."""


def ports(module: Module, prefix: str) -> dict[str, int]:
    """Bits by name behind a prefix; outputs are negative."""
    return {
        x.name.removeprefix(f"{prefix}_"): x.width if x.direction == "input" else -x.width
        for x in module.ports
        if x.name.startswith(f"{prefix}_")
    }


def test_memory_layout_of_squeezenet() -> None:
    kernel = SQUEEZENET
    assert (kernel.pixel_bytes, kernel.beat_bytes) == (4, 8)
    assert kernel.image_bytes == 227 * 114 * 8
    assert kernel.image_stride == 207_040  # 207,024 rounded up
    assert kernel.logits_stride == 4032
    assert replace(kernel, load_words=5).weights_bytes == 128
    assert [replace(kernel, channels=n).pixel_bytes for n in (1, 2, 4, 5)] == [1, 2, 4, 8]


@pytest.mark.parametrize(
    ("cycles", "bits"),
    # twice (207,040 + 4,032) bytes, in so many cycles
    [(1_000_000, 32), (105_536, 32), (105_535, 64), (30_000, 128), (10_000, 512), (1_000, 512)],
)
def test_bus_has_twice_what_the_plan_needs(cycles: int, bits: int) -> None:
    assert replace(SQUEEZENET, cycles=cycles).data_bits == bits


def test_words_in_flight_follow_from_the_rate() -> None:
    assert [replace(SQUEEZENET, cycles=x).read_depth for x in (4_000_000, 300_000)] == [32, 128]
    assert replace(SQUEEZENET, cycles=110_000).read_depth == 256


def test_ports_of_the_kernel() -> None:
    module = kernel_module(replace(SQUEEZENET, cycles=60_000), ())
    assert [x.name for x in module.ports[:2]] == ["ap_clk", "ap_rst_n"]
    assert module.ports[-1].name == "interrupt"
    assert ports(module, "s_axi_control") == LITE
    address = {"addr": -64, "len": -8, "size": -3, "burst": -2, "cache": -4, "prot": -3}
    request = address | {"valid": -1, "ready": 1}
    assert ports(module, "m_axi_gmem") == {
        **{f"aw{x}": bits for x, bits in request.items()},
        **{"wdata": -64, "wstrb": -8, "wlast": -1, "wvalid": -1, "wready": 1},
        **{"bresp": 2, "bvalid": 1, "bready": -1},
        **{f"ar{x}": bits for x, bits in request.items()},
        **{"rdata": 64, "rresp": 2, "rlast": 1, "rvalid": 1, "rready": -1},
    }
    assert len(module.ports) == 3 + len(LITE) + len(ports(module, "m_axi_gmem"))


@pytest.mark.parametrize("words", [0, 7])
def test_ports_of_the_stream_variant(words: int) -> None:
    module = stream_module(replace(SQUEEZENET, load_words=words), ())
    assert ports(module, "s_axi_control") == LITE

    def stream(bits: int) -> dict[str, int]:
        return {"tvalid": 1, "tready": -1, "tdata": bits, "tkeep": bits // 8, "tlast": 1}

    assert ports(module, "s_axis") == stream(64)
    assert ports(module, "m_axis") == {x: -bits for x, bits in stream(32).items()}
    assert ports(module, "s_load") == (stream(128) if words else {})


@pytest.mark.parametrize("loaded", [False, True], ids=["constant", "loaded"])
def test_generated_kernels_are_lint_clean_and_in_the_manifest(loaded: bool, tmp_path: Path) -> None:
    case = Case(32, pixels=2, loaded=loaded)
    network = tiny_network(case)
    folder = tmp_path / "rtl"
    generate(network, tiny_plan(network, case), folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    kernel = manifest["kernel"]
    assert (kernel["top"], kernel["stream_top"]) == (KERNEL, STREAM)
    # 7 rows of 5 beats of 2 pixels of 4 bytes; 5 classes
    assert (kernel["image_stride"], kernel["logits_stride"]) == (320, 64)
    assert (kernel["pixels"], kernel["pixel_bytes"], kernel["classes"]) == (2, 4, 5)
    words = len((folder / LOAD_FILE).read_text().split()) if loaded else 0
    assert kernel["load_words"] == words
    assert kernel["weights_bytes"] == -(-16 * words // 64) * 64
    assert kernel["registers"]["FRAME_CYCLES"] == 0x8C
    assert (folder / HEADER.name).read_bytes() == HEADER.read_bytes()
    sources = [folder / x for x in manifest["sources"]]
    assert {TOP, KERNEL, STREAM, "shell", "shell_registers"} <= {x.stem for x in sources}
    for top in (TOP, KERNEL, STREAM):
        assert_clean(sources, "--top-module", top)


def test_network_without_vectors_has_no_kernel(tmp_path: Path) -> None:
    network = fire_network(small_network(bypass=False), 2)
    chosen = plan(network, Goal(multipliers=8))
    assert kernel_of(network, build(network, chosen), 1) is None
    generate(network, chosen, tmp_path / "rtl")
    assert "kernel" not in json.loads((tmp_path / "rtl" / "manifest.json").read_text())
    assert not (tmp_path / "rtl" / f"{KERNEL}.sv").exists()


@pytest.mark.parametrize("kind", ["add", "conv", "maxpool"])
def test_classes_of_another_last_layer_reach_a_host(kind: str, tmp_path: Path) -> None:
    network = network_ending_in(kind)
    generate(network, plan(network, Goal(multipliers=12)), tmp_path / "rtl")
    manifest = json.loads((tmp_path / "rtl" / "manifest.json").read_text())
    logits = network.layers[-1].operator.output
    assert (manifest["kernel"]["classes"], manifest["kernel"]["logit_bits"]) == (
        logits.channels,
        logits.bits,
    )
    assert_clean([tmp_path / "rtl" / x for x in manifest["sources"]], "--top-module", KERNEL)


def test_odd_beats_have_no_kernel() -> None:
    case = Case(32, pixels=3)
    network = tiny_network(case)
    assert kernel_of(network, build(network, tiny_plan(network, case)), 1) is None
