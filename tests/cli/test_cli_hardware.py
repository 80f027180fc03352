# SPDX-License-Identifier: Apache-2.0
"""The command line from integers to hardware: `boards`, `plan --board`, `synth`."""

import json
from pathlib import Path

import pytest

from command_line import fields, fill, firebrick, refused
from firebrick.boards import all_boards, load_board
from firebrick.cli import plan_view
from firebrick.hardware.resources import Family, Resources
from firebrick.ir.network import Network
from firebrick.progress import Progress
from firebrick.synth.yosys.count import InstanceReport, SynthReport
from networks import small_network
from tiny_board import TINY


@pytest.fixture(scope="module")
def network() -> Network:
    return small_network(bypass=False)


@pytest.fixture
def folder(network: Network, tmp_path: Path) -> Path:
    return fill(tmp_path, network)


# --- boards ---------------------------------------------------------------------------------------


def test_boards_lists_what_load_board_reads(tmp_path: Path) -> None:
    boards = fields(tmp_path, "boards")["boards"]
    assert boards == [x.fields() for x in all_boards()]
    text = firebrick(tmp_path, "boards").stdout
    assert "ASSUMED" in text
    for board in all_boards():
        assert board.part in text


def test_boards_with_a_model_says_what_each_reaches(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "tiny.toml").write_text(TINY)
    chosen = (load_board(str(folder / "tiny.toml")), load_board("pynq-z2"))
    monkeypatch.setattr("firebrick.boards.all_boards", lambda: chosen)
    tiny, pynq = fields(folder, "boards", "q.onnx")["boards"]
    assert tiny["fits"] is False
    assert tiny["reason"]
    assert tiny["frames_per_second"] is None
    assert (pynq["fits"], pynq["reason"]) == (True, None)
    assert pynq["frames_per_second"] == round(100e6 / pynq["cycles_per_frame"], 1)
    assert all(pynq["resources"][x] <= pynq["budget"][x] for x in pynq["budget"])


def test_plan_for_a_board_fills_its_budget_and_adds_up(folder: Path) -> None:
    plan = fields(folder, "plan", "q.onnx", "--board", "pynq-z2", "-o", "plan.json")
    board = load_board("pynq-z2")
    assert (plan["board"], plan["fits"]) == ("pynq-z2", True)
    assert plan["budget"] == board.budget().fields()
    assert all(plan["resources"][x] <= plan["budget"][x] for x in plan["budget"])
    assert plan["assumed_clock_mhz"] == 100
    assert plan["frames_per_second"] == round(100e6 / plan["cycles_per_frame"], 1)
    assert 0 <= plan["bound_cycles"] <= plan["cycles_per_frame"]
    if plan["bound_cycles"]:
        gap = plan["cycles_per_frame"] / plan["bound_cycles"] - 1
        assert plan["gap"] == pytest.approx(gap, abs=1e-6)
    else:
        assert plan["gap"] is None
    engines = plan["engines"]
    assert [x["name"] for x in engines] == ["conv1", "fire2_squeeze", "fire2_expand", "conv10"]
    assert sum(x["multipliers"] for x in engines) == plan["multipliers"]
    for engine in engines:
        assert engine["multipliers"] == engine["lanes"] * engine["columns"]
        assert engine["busy"] == round(engine["cycles"] / plan["cycles_per_frame"], 4)
    for name in ("dsp", "lut", "ff", "uram"):
        assert sum(x["resources"][name] for x in engines) <= plan["resources"][name]
    slowest = max(engines, key=lambda x: x["cycles"])
    assert plan["binds"]["slowest_engine"] == slowest["name"]
    shares = {x: plan["resources"][x] / n for x, n in plan["budget"].items() if n}
    assert plan["binds"]["share"] == pytest.approx(max(shares.values()), abs=1e-4)
    fullest = max(shares, key=lambda x: shares[x])
    assert plan["binds"]["resource"] == (fullest if shares[fullest] >= 0.9 else None)


def test_plan_of_as_many_cycles_is_the_smaller_one(folder: Path) -> None:
    fast = fields(folder, "plan", "q.onnx", "--multipliers", "60")
    slow = fields(folder, "plan", "q.onnx", "--max-cycles", str(2 * fast["cycles_per_frame"]))
    assert slow["cycles_per_frame"] <= 2 * fast["cycles_per_frame"]
    assert slow["multipliers"] < fast["multipliers"]
    assert slow["frames_per_second"] is None  # no board, no clock


def test_plan_shows_engines_bars_and_what_is_assumed(folder: Path) -> None:
    result = firebrick(folder, "plan", "q.onnx", "--board", "pynq-z2")
    assert result.returncode == 0
    for word in ("fire2_expand", "requantizers", "rows in", "of 42,560", "of 220", "binds: "):
        assert word in result.stdout
    assert "100 MHz, a clock that is ASSUMED" in result.stdout
    assert "UltraRAM  " not in result.stdout  # the device has none


def test_plan_that_cannot_fit_a_board_is_one_line(folder: Path) -> None:
    (folder / "tiny.toml").write_text(TINY)
    result = firebrick(folder, "plan", "q.onnx", "--board", "tiny.toml", "-o", "p.json", "--json")
    message = refused(result)
    assert "exceeds" in message  # a resource: needed, available
    assert "available" in message
    assert "nearest plan" in message
    assert result.stdout == ""
    assert not (folder / "p.json").exists()


def test_bars_end_at_the_budget(capsys: pytest.CaptureFixture[str]) -> None:
    budget = Resources(dsp=100, lut=200, ff=10, bram18=8)
    plan_view.print_bars(Resources(dsp=150, lut=100, ff=0, bram18=3, uram=2), budget)
    lines = {x[:14].strip(): x for x in capsys.readouterr().out.splitlines()}
    assert lines["DSP"].count("█") == plan_view.BAR
    assert "150.0%  150 of 100" in lines["DSP"]
    assert lines["LUT"].count("█") == plan_view.BAR // 2
    assert lines["flip-flops"].count("█") == 0
    assert lines["BRAM36"].endswith(" 50.0%  2 of 4")  # three halves take two blocks
    assert lines["UltraRAM"].endswith("none  2 of 0")
    assert "LUT as memory" not in lines  # neither there nor needed


# --- synth ----------------------------------------------------------------------------------------


@pytest.fixture
def generated(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a generated network in rtl/, which 'Yosys' counts at once."""
    fields(folder, "plan", "q.onnx", "--board", "pynq-z2", "-o", "plan.json")
    fields(folder, "generate", "q.onnx", "plan.json", "-o", "rtl")

    def synthesize(path: Path, family: Family, progress: Progress, *, trusted: bool) -> SynthReport:
        assert (path, trusted) == (Path("rtl"), False)
        progress("synthesize conv1", 1.0)
        parts = (
            InstanceReport("conv1", "conv", Resources(dsp=4, lut=1000, bram18=3), 2.0),
            InstanceReport("pool1", "maxpool", Resources(lut=500, bram18=1), 1.0),
        )
        return SynthReport("Yosys 0.0", family, parts, 3.0)

    monkeypatch.setattr("firebrick.cli.synth.yosys.synthesize", synthesize)
    return folder


def test_synth_sums_instances_against_the_plans_board(generated: Path) -> None:
    report = fields(generated, "synth", "rtl", "--tool", "yosys")
    assert (report["tool"], report["version"]) == ("yosys", "Yosys 0.0")
    assert (report["part"], report["family"]) == ("xc7z020clg400-1", "xc7")
    assert report["resources"] == Resources(dsp=4, lut=1500, bram18=4).fields()
    assert report["budget"] == load_board("pynq-z2").budget().fields()
    assert report["fits"] is True
    assert report["seconds"] == 3.0
    assert [x["name"] for x in report["instances"]] == ["conv1", "pool1"]
    plan = json.loads((generated / "rtl" / "manifest.json").read_text())["plan"]
    assert report["predicted"]["lut"] == plan["resources"]["lut"]


def test_synth_shows_counts_beside_predictions(generated: Path) -> None:
    result = firebrick(generated, "synth", "rtl")
    assert result.returncode == 0
    for word in ("conv1", "maxpool", "predicted", "of 42,560", "no vendor tool"):
        assert word in result.stdout


def test_synth_on_another_family_predicts_nothing(generated: Path) -> None:
    report = fields(generated, "synth", "rtl", "--board", "kv260")
    assert (report["family"], report["predicted"]) == ("xcup", None)


def test_synth_that_exceeds_the_board_fails_in_one_line(generated: Path) -> None:
    (generated / "tiny.toml").write_text(TINY)
    result = firebrick(generated, "synth", "rtl", "--board", "tiny.toml", "--json")
    message = refused(result)
    assert json.loads(result.stdout)["fits"] is False
    for words in ("dsp=4 exceeds 2", "lut=1500 exceeds 80", "bram36=2 exceeds 1", "tiny"):
        assert words in message


def test_synth_refuses_a_manifest_without_a_plan(generated: Path) -> None:
    manifest = generated / "rtl" / "manifest.json"
    for text, words in (
        ("{}", "plan is missing"),
        ("[]", "is not a JSON object"),
        ('{"plan": 3}', "is not a JSON object"),
        ("{", "is not JSON"),
    ):
        manifest.write_text(text)
        result = firebrick(generated, "synth", "rtl")
        assert result.returncode == 2
        assert "manifest.json" in result.stderr
        assert words in result.stderr.replace("\n", " ")


def test_synth_knows_no_other_tool(generated: Path) -> None:
    result = firebrick(generated, "synth", "rtl", "--tool", "quartus")
    assert result.returncode == 2
    assert "yosys" in result.stderr
