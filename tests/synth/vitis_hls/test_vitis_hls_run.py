# SPDX-License-Identifier: Apache-2.0
"""`synth --tool vitis_hls` from the command line, with stand-ins for the tools: they check calls.

No vendor tool runs here, and the report that the stand-ins leave was written by hand.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import vitis_tools
from command_line import Result, fields, fill, firebrick
from firebrick.boards import load_board
from firebrick.data import data_folder
from firebrick.errors import FirebrickError
from firebrick.hardware.resources import Resources
from firebrick.synth import vendor
from firebrick.synth.vitis_hls.tool import Flow, commands, find_flow
from networks import small_network
from stand_ins import install, need_tcl, only_on_path
from tiny_board import TINY

PROGRAMS = {Flow.SCRIPT: ("vitis_hls",), Flow.CONFIG: ("v++", "vitis-run")}


@pytest.fixture(scope="module")
def designs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generated folders hls/, for a board with streams, and card/, for one with memory."""
    folder = fill(tmp_path_factory.mktemp("run"), small_network(bypass=False))
    for name, board in (("hls", "zcu104"), ("card", "alveo-u50")):
        limits = ("--board", board, "--multipliers", "24")
        fields(folder, "plan", "q.onnx", *limits, "-o", "plan.json")
        fields(folder, "generate", "q.onnx", "plan.json", "--target", "hls", "-o", name)
    return folder


def with_tools(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *programs: str, exit_status: int = 0
) -> None:
    """Put stand-ins, and nothing of the vendor's, on PATH."""
    need_tcl()
    folder = install(tmp_path / "bin", "vitis_tools", *programs, exit_status=exit_status)
    only_on_path(monkeypatch, folder)


def message(result: Result, status: int) -> str:
    """The one line of a command that ended with a status."""
    assert result.returncode == status
    assert result.stdout == ""
    (line,) = (x for x in result.stderr.splitlines() if x.startswith("firebrick: "))
    return line


def files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


# --- without a tool -------------------------------------------------------------------------------


def test_without_the_tool_is_one_line_and_nothing_is_written(
    designs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    before = files(designs)
    result = firebrick(designs, "synth", "hls", "--tool", "vitis_hls", "--board", "zcu104")
    assert "Vitis HLS is not on PATH" in message(result, 2)
    assert len(result.stderr.splitlines()) == 1
    assert files(designs) == before


def test_half_of_a_tool_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with_tools(monkeypatch, tmp_path, "v++")
    with pytest.raises(FirebrickError, match="is not on PATH"):
        find_flow()


def test_check_before_a_plan_is_made(tmp_path: Path) -> None:
    need_tcl()
    install(tmp_path / "bin", "vitis_tools", "vitis_hls")
    run = [sys.executable, "-m", "firebrick.synth.vitis_hls.tool"]
    for path, status, out in ((tmp_path, 2, ""), (tmp_path / "bin", 0, "vitis_hls\n")):
        result = subprocess.run(
            run, env={"PATH": str(path)}, capture_output=True, text=True, check=False
        )
        assert (result.returncode, result.stdout) == (status, out)
        assert len(result.stderr.splitlines()) == (1 if status else 0)


# --- with stand-ins -------------------------------------------------------------------------------


@pytest.mark.parametrize("flow", Flow)
@pytest.mark.parametrize(("folder", "ending"), [("hls", "zip"), ("card", "xo")])
def test_every_step_runs_and_the_report_is_told(
    flow: Flow,
    folder: str,
    ending: str,
    designs: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    with_tools(monkeypatch, tmp_path, *PROGRAMS[flow])
    report = fields(designs, "synth", folder, "--tool", "vitis_hls")
    assert (report["tool"], report["version"]) == ("vitis_hls", f"{flow} 0.0-by-hand")
    board = load_board({"hls": "zcu104", "card": "alveo-u50"}[folder])
    assert (report["board"], report["part"]) == (board.name, "xczu7ev-ffvc1156-2-e")
    counted = Resources(dsp=34, lut=9101, ff=5678, bram18=21, uram=2)
    assert report["resources"] == counted.fields() | {"lutram": None}
    assert report["budget"] == board.budget().fields()
    assert report["fits"] is True
    assert report["fmax_mhz"] == 400.0
    assert report["interval_cycles"] == [1200, 1700]
    assert report["latency_cycles"] == [2100, 2900]
    work = designs.resolve() / folder / "vitis_hls"
    assert report["exported"] == str(work / f"firebrick_network.{ending}")
    log = (work / "build.log").read_text()
    if flow is Flow.SCRIPT:
        ran = ("csim_design", "csynth_design", "cosim_design", "export_design")
        assert [log.find(f"call {x}") for x in ran] == sorted(log.find(f"call {x}") for x in ran)
        assert all(f"call {x}" in log for x in ran)
    else:
        started = [x for x in log.splitlines() if x.startswith("$ ")]
        assert [x.split()[1:3] for x in started] == [
            ["vitis-run", "--csim"],
            ["v++", "-c"],
            ["vitis-run", "--cosim"],
            ["vitis-run", "--package"],
        ]


@pytest.mark.parametrize("flow", Flow)
def test_steps_may_be_skipped(
    flow: Flow, designs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_tools(monkeypatch, tmp_path, *PROGRAMS[flow])
    skip = ("--skip", "cosim", "--skip", "export")
    report = fields(designs, "synth", "hls", "--tool", "vitis_hls", *skip)
    assert report["exported"] is None
    log = (designs / "hls" / "vitis_hls" / "build.log").read_text()
    assert "csim" in log
    assert "cosim" not in log
    assert "export" not in log.replace("exported", "")
    assert "package" not in log


def test_json_has_the_fields_of_yosys(
    designs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_tools(monkeypatch, tmp_path, "vitis_hls")
    report = fields(designs, "synth", "hls", "--tool", "vitis_hls")
    shared = ("tool", "version", "part", "board", "family", "resources", "predicted", "budget")
    assert report.keys() >= {*shared, "fits", "seconds", "instances"}


def test_people_see_what_was_asked_for(
    designs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_tools(monkeypatch, tmp_path, "vitis_hls")
    result = firebrick(designs, "synth", "hls", "--tool", "vitis_hls")
    assert result.returncode == 0
    for words in ("400.0 MHz estimated, 300 MHz asked for", "1,200 to 1,700", "34 of 1,728"):
        assert words in result.stdout
    assert "not placed, not routed" in result.stdout


def test_estimates_beyond_the_board_fail_in_one_line(
    designs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_tools(monkeypatch, tmp_path, "vitis_hls")
    (tmp_path / "tiny.toml").write_text(TINY)
    board = str(tmp_path / "tiny.toml")
    result = firebrick(designs, "synth", "hls", "--tool", "vitis_hls", "--board", board, "--json")
    assert result.returncode == 1
    assert json.loads(result.stdout)["fits"] is False
    assert "dsp=34 exceeds 2" in result.stderr.replace("\n", " ")


@pytest.mark.parametrize("flow", Flow)
def test_a_tool_that_fails_is_told_in_one_line(
    flow: Flow, designs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_tools(monkeypatch, tmp_path, *PROGRAMS[flow], exit_status=3)
    result = firebrick(designs, "synth", "hls", "--tool", "vitis_hls", "--json")
    program = PROGRAMS[flow][-1]
    assert f"build.log: {program} failed (3)" in message(result, 1)
    # What was written stays for whoever looks into it, and the next run replaces it.
    assert (designs / "hls" / "vitis_hls" / "build.log").is_file()


def test_what_a_stand_in_rejects_is_told(
    designs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_tools(monkeypatch, tmp_path, "vitis_hls")
    wrong = Path(shutil.copytree(data_folder("hls"), tmp_path / "hls")) / "vitis" / "build.tcl"
    wrong.write_text(wrong.read_text().replace("set_part", "set_parts"))
    monkeypatch.setattr(vendor, "data_folder", lambda _: tmp_path / "hls")
    result = firebrick(designs, "synth", "hls", "--tool", "vitis_hls", "--json")
    said = message(result, 1)
    assert "vitis_hls failed (1): ERROR: " in said
    assert "unknown command set_parts" in said


def test_skip_belongs_to_vitis(designs: Path) -> None:
    result = firebrick(designs, "synth", "hls", "--skip", "cosim")
    assert "--skip: 'cosim' is no step of --tool yosys: it has none" in message(result, 2)


def test_a_board_is_needed(designs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with_tools(monkeypatch, tmp_path, "vitis_hls")
    manifest = designs / "hls" / "manifest.json"
    text = manifest.read_text()
    try:
        plan = json.loads(text)
        plan["plan"] |= {"board": None, "budget": None}
        manifest.write_text(json.dumps(plan))
        result = firebrick(designs, "synth", "hls", "--tool", "vitis_hls")
        assert "its plan names no board: give --board" in message(result, 2)
    finally:
        manifest.write_text(text)


def test_commands_of_either_flow() -> None:
    assert [x for _, x in commands(Flow.SCRIPT, ())] == [["vitis_hls", "-f", "build.tcl"]]
    shared = "--mode hls --config hls_config.cfg --work_dir component"
    assert [" ".join(x) for _, x in commands(Flow.CONFIG, ())] == [f"v++ -c {shared}"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("vitis_hls", ["build.tcl"]),
        ("vitis_hls", ["-f", "build.tcl", "more"]),
        ("v++", ["--mode", "hls", "--config", "c.cfg", "--work_dir", "w"]),
        ("v++", ["-c", "--mode", "aie", "--config", "c.cfg", "--work_dir", "w"]),
        ("v++", ["-c", "--mode", "hls", "--config", "none.cfg", "--work_dir", "w"]),
        ("vitis-run", ["--mode", "hls", "--simulate", "--config", "c.cfg", "--work_dir", "w"]),
        ("vitis-run", ["--mode", "hls", "--cosim", "--config", "c.cfg"]),
    ],
)
def test_stand_ins_reject_wrong_arguments(
    name: str, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.cfg").write_text("part=xc7-1\n")
    assert vitis_tools.main(name, arguments) == 1
