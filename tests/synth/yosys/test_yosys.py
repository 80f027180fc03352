# SPDX-License-Identifier: Apache-2.0
"""Synthesis of a generated folder, of parts of it, and of what cannot be synthesized."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from firebrick.data import hardware_sources
from firebrick.emit.rtl.generate import MANIFEST, generate
from firebrick.emit.rtl.memories import memory_text
from firebrick.emit.rtl.network_top import TOP
from firebrick.errors import FirebrickError
from firebrick.hardware.memory import MemoryKind, image, rom_images
from firebrick.hardware.resources import Family, Resources
from firebrick.plan.pipeline import build
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.synth.folder import read_parts
from firebrick.synth.yosys.count import synthesize
from firebrick.synth.yosys.module import synthesize_module
from networks import fire_network, small_network

LANES = """// SPDX-License-Identifier: Apache-2.0
module lanes #(parameter int unsigned LANES = 3, parameter PREFIX = "lanes") (
  input logic clk, input logic [5:0] a_i, output logic [7:0] q_o[LANES]
);
  for (genvar l = 0; l < LANES; l++) begin : gen_lane
    lane #(.PREFIX(PREFIX)) u_lane (.clk, .a_i, .q_o(q_o[l]));
  end
endmodule
"""
LANE = """// SPDX-License-Identifier: Apache-2.0
module lane #(parameter PREFIX = "lane") (
  input logic clk, input logic [5:0] a_i, output logic [7:0] q_o
);
  (* rom_style = "distributed" *) logic [7:0] memory[64];
  initial $readmemh({PREFIX, ".table.mem"}, memory);
  always_ff @(posedge clk) q_o <= memory[a_i];
endmodule
"""


@pytest.fixture
def lanes(tmp_path: Path) -> list[Path]:
    """A design of equal lanes with a table each."""
    for name, text in (("lanes", LANES), ("lane", LANE)):
        (tmp_path / f"{name}.sv").write_text(text)
    return sorted(tmp_path.glob("*.sv"))


def table(seed: int) -> dict[str, str]:
    words = [(seed * n * n + 7 * n) % 251 for n in range(64)]
    return {"lanes.table.mem": "".join(f"{word:02x}\n" for word in words)}


def test_equal_lanes_are_one_module_and_count_as_many(lanes: list[Path]) -> None:
    report = synthesize_module("lanes", {"LANES": "3"}, table(1), lanes, Family.XC7)
    (lane,) = (x for x in report.cells if x.startswith("lane#"))
    assert report.cells["lanes"] == {lane: 3}
    assert report.resources == Resources(lut=24, ff=24)


def test_contents_of_memories_count(lanes: list[Path]) -> None:
    flat = {"lanes.table.mem": "00\n" * 64}
    assert synthesize_module("lanes", {}, flat, lanes, Family.XC7).resources.lut == 0


def test_missing_memory_image_is_an_error(lanes: list[Path]) -> None:
    with pytest.raises(FirebrickError, match=r"lanes: Yosys failed .*lanes\.table\.mem"):
        synthesize_module("lanes", {"LANES": "2"}, {}, lanes, Family.XC7)


def test_syntax_error_is_told(tmp_path: Path) -> None:
    path = tmp_path / "broken.sv"
    path.write_text("module broken (input logic a);\n  assign = a;\nendmodule\n")
    with pytest.raises(FirebrickError, match=r"broken: Yosys failed"):
        synthesize_module("broken", {}, {}, [path], Family.XC7)


def test_synthesis_that_takes_too_long_is_given_up(lanes: list[Path]) -> None:
    with pytest.raises(FirebrickError, match=r"lanes: Yosys has not finished in 0\.01 seconds"):
        synthesize_module("lanes", {"LANES": "7"}, table(2), lanes, Family.XC7, timeout=0.01)


def test_module_without_source_is_named(lanes: list[Path]) -> None:
    with pytest.raises(FirebrickError, match="module 'fifth' has no source file"):
        synthesize_module("fifth", {}, {}, lanes, Family.XC7)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A squeeze and an expand."""
    network = fire_network(small_network(bypass=False), 2)
    folder = tmp_path_factory.mktemp("synth") / "rtl"
    generate(network, plan(network, Goal(multipliers=8)), folder)
    return folder


def test_instances_are_read_back_as_they_were_planned(generated: Path) -> None:
    network = fire_network(small_network(bypass=False), 2)
    pipeline = build(network, plan(network, Goal(multipliers=8)))
    parts = read_parts(generated)
    assert [(x.name, x.module) for x in parts] == [(x.name, x.module) for x in pipeline.instances]
    for part, instance in zip(parts, pipeline.instances, strict=True):
        assert part.parameters == {k.upper(): str(int(v)) for k, v in instance.parameters.items()}
        assert set(part.images) == {f"{part.module}.{x}.mem" for x in instance.memories}
    found = sum(len(x.images) for x in parts)
    assert found == len(json.loads((generated / MANIFEST).read_text())["memories"])


def test_edited_top_is_refused(generated: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(generated, tmp_path / "rtl"))
    top = folder / f"{TOP}.sv"
    top.write_text(top.read_text().replace("\n  ) u_", ") u_", 1))
    with pytest.raises(FirebrickError, match="is not as generated"):
        read_parts(folder)


def test_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FirebrickError, match="is no generated folder"):
        synthesize(tmp_path, Family.XC7)


@pytest.mark.slow
def test_generated_network(generated: Path) -> None:
    seen: list[float] = []
    report = synthesize(generated, Family.XC7, lambda _, share: seen.append(share))
    assert [x.name for x in report.instances] == [x.name for x in read_parts(generated)]
    assert report.resources == sum((x.resources for x in report.instances), Resources())
    assert seen == sorted(seen)
    assert seen[-1] == 1
    again = synthesize(generated, Family.XC7)
    assert replace(again, seconds=report.seconds) == report


@pytest.mark.parametrize("family", Family)
def test_a_slice_sums_its_pair(family: Family) -> None:
    def lane(dual: int) -> Resources:
        parameters = {"COLUMNS": "8", "DUAL": str(dual), "SUM_BITS": "20", "KERNEL": "1"}
        return synthesize_module("conv_lane", parameters, {}, hardware_sources(), family).resources

    pairs, own = lane(1), lane(0)
    assert (pairs.dsp, own.dsp) == (4, 8)
    # Counting wraps and taking them off again; eight sums of 20 bits in LUTs would be 160.
    assert pairs.lut - own.lut <= 80


@pytest.mark.parametrize("words", [300, 1000])
def test_deep_tables_take_a_lut_for_64_words(words: int) -> None:
    table = image(5, [n * n * n % 1021 % 32 for n in range(words)])
    kept = rom_images("rom", table, MemoryKind.LUT)
    images = {f"{name}.mem": memory_text(x) for name, x in kept.items()}
    parameters = {"WIDTH": "5", "DEPTH": str(words), "KIND": "0"}
    found = synthesize_module("rom", parameters, images, hardware_sources(), Family.XC7).resources
    tables = 5 * sum(-(-len(x.words) // 64) for x in kept.values())
    assert tables <= found.lut <= 1.3 * tables
