# SPDX-License-Identifier: Apache-2.0
"""`synth --tool vivado` from the command line, with a stand-in for the tool: it checks calls.

No vendor tool runs here, and the reports that the stand-in leaves were written by hand.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import Result, fields, firebrick
from firebrick.boards import load_board
from firebrick.data import data_folder
from firebrick.errors import FirebrickError
from firebrick.hardware.resources import Resources
from firebrick.synth import vendor
from firebrick.synth.vivado.project import Step, possible_steps, read_kernel
from stand_ins import install, need_tcl, only_on_path
from tiny_board import TINY

SYNTH = ("synth", "rtl", "--tool", "vivado")
SLACK = "STAND_IN_SLACK"


@pytest.fixture
def place(kernel_folder: Path, tmp_path: Path) -> Path:
    """A folder with a generated one in it, rtl/, planned for the PYNQ-Z2."""
    shutil.copytree(kernel_folder, tmp_path / "here" / "rtl")
    return tmp_path / "here"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A stand-in on PATH, and nothing of the vendor's."""
    need_tcl()
    only_on_path(monkeypatch, install(tmp_path / "bin", "vivado_tools", "vivado"))


def message(result: Result, status: int) -> str:
    """The one line of a command that ended with a status."""
    assert result.returncode == status
    (line,) = (x for x in result.stderr.splitlines() if x.startswith("firebrick: "))
    return line


# --- without a tool -------------------------------------------------------------------------------


@pytest.mark.parametrize(("tool", "program"), [("vivado", "vivado"), ("vitis", "vivado")])
def test_without_the_tool_is_one_line_and_nothing_is_written(
    tool: str, program: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(place))
    before = set(place.rglob("*"))
    result = firebrick(place, "synth", "rtl", "--tool", tool, "--board", "zcu104")
    assert f"{program}: " in message(result, 2)
    assert "not on PATH" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""
    assert set(place.rglob("*")) == before


@pytest.mark.parametrize("module", ["vivado.tool", "vitis.tool"])
def test_check_before_a_plan_is_made(module: str, tmp_path: Path) -> None:
    install(tmp_path / "bin", "vivado_tools", "vivado", "v++")
    run = [sys.executable, "-m", f"firebrick.synth.{module}"]
    for path, status in ((tmp_path, 2), (tmp_path / "bin", 0)):
        result = subprocess.run(
            run, env={"PATH": str(path)}, capture_output=True, text=True, check=False
        )
        assert (result.returncode, result.stdout) == (status, "")
        assert len(result.stderr.splitlines()) == (1 if status else 0)


# --- with a stand-in ------------------------------------------------------------------------------


def test_every_step_runs_and_the_reports_are_told(place: Path, tool: None) -> None:
    report = fields(place, *SYNTH, "--board", "zcu104")
    board, work = load_board("zcu104"), place.resolve() / "rtl" / "vivado"
    counted = Resources(dsp=34, lut=9101, lutram=700, ff=5678, bram18=21, uram=2)
    assert (report["tool"], report["version"]) == ("vivado", "Vivado v.0.0")
    assert (report["board"], report["part"]) == ("zcu104", board.part)
    assert report["resources"] == counted.fields()
    assert report["budget"] == board.budget().fields()
    assert (report["clock_mhz"], report["fmax_mhz"], report["stage"]) == (300, 342.3, "route")
    assert [x["name"] for x in report["stages"]] == ["synth", "route", "design"]
    assert all(x["met"] and x["setup_slack_ns"] == 0.412 for x in report["stages"])
    assert report["ip"] == str(work / "ip")
    assert report["bitstream"] == str(work / "firebrick.bit")
    assert report["handoff"] == str(work / "firebrick.hwh")
    log = (work / "build.log").read_text()
    started = re.findall(r"^\$ vivado .* -source (\w+)\.tcl$", log, re.MULTILINE)
    assert started == ["synth", "package", "design"]
    assert all((work / f"{x}.log").is_file() for x in started)


def test_json_has_the_fields_of_yosys(place: Path, tool: None) -> None:
    skip = ("--skip", "route", "--skip", "bitstream")
    report = fields(place, *SYNTH, "--board", "zcu104", *skip)
    shared = ("tool", "version", "part", "board", "family", "resources", "predicted", "budget")
    assert report.keys() >= {*shared, "fits", "seconds", "instances"}
    plan = json.loads((place / "rtl" / "manifest.json").read_text())["plan"]
    assert (report["predicted"] is None) == (plan["family"] != report["family"])


def test_a_device_without_ultraram_does_not_fit_any(place: Path, tool: None) -> None:
    result = firebrick(place, *SYNTH, "--skip", "bitstream", "--json")
    assert "uram=2 exceeds 0" in message(result, 1).replace("\n", " ")
    assert json.loads(result.stdout)["fits"] is False


@pytest.mark.parametrize("skip", [("bitstream",), ("route", "bitstream"), ("ip", "bitstream")])
def test_steps_may_be_skipped(skip: tuple[str, ...], place: Path, tool: None) -> None:
    options = [word for step in skip for word in ("--skip", step)]
    report = fields(place, *SYNTH, *options, "--board", "zcu104")
    assert (report["ip"] is None) == ("ip" in skip)
    assert (report["stage"] == "synth") == ("route" in skip)
    assert report["bitstream"] is None
    assert report["fits"] is True
    log = (place / "rtl" / "vivado" / "build.log").read_text()
    assert ("route_design" in log) == ("route" not in skip)
    assert "write_bitstream" not in log


def test_bitstream_needs_the_core() -> None:
    with pytest.raises(FirebrickError, match="bitstream needs ip: skip both or neither"):
        possible_steps(load_board("zcu104"), ["ip"])
    assert possible_steps(load_board("alveo-u50"), []) == (Step.ROUTE, Step.IP)


def test_a_card_has_no_bitstream_of_vivado(place: Path, tool: None) -> None:
    report = fields(place, *SYNTH, "--board", "alveo-u50")
    assert (report["bitstream"], report["stage"]) == (None, "route")
    assert report["ip"]


def test_people_see_clock_counts_and_files(place: Path, tool: None) -> None:
    result = firebrick(place, *SYNTH, "--board", "zcu104")
    assert result.returncode == 0
    for words in ("342.3", "300 MHz asked for", "met", "9,101", "34 of 1,728", "firebrick.bit"):
        assert words in result.stdout.replace("\n", ""), words


@pytest.mark.parametrize("skip", [(), ("--skip", "bitstream")])
def test_a_missed_clock_fails_without_a_bitstream(
    skip: tuple[str, ...], place: Path, tool: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SLACK, "-0.205")
    result = firebrick(place, *SYNTH, "--board", "zcu104", *skip, "--json")
    assert "misses 300 MHz: setup slack -0.205 ns" in message(result, 1)
    report = json.loads(result.stdout)
    assert report["bitstream"] is None
    assert report["fmax_mhz"] == 282.6
    assert not (place / "rtl" / "vivado" / "firebrick.bit").exists()


def test_a_missed_estimate_is_no_failure(
    place: Path, tool: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SLACK, "-0.205")
    skip = ("--skip", "route", "--skip", "bitstream")
    report = fields(place, *SYNTH, "--board", "zcu104", *skip)
    assert [x["met"] for x in report["stages"]] == [False]


def test_counts_beyond_the_board_fail_in_one_line(place: Path, tool: None) -> None:
    (place / "tiny.toml").write_text(TINY)
    result = firebrick(place, *SYNTH, "--board", "tiny.toml", "--json")
    assert "dsp=34 exceeds 2" in message(result, 1)
    assert json.loads(result.stdout)["fits"] is False


def test_a_tool_that_fails_leaves_its_log(
    place: Path, tool: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_STATUS", "place_design ERROR")
    result = firebrick(place, *SYNTH, "--json")
    said = message(result, 1)
    assert "build.log: vivado failed (1): " in said
    assert "implementation ended with: place_design ERROR" in said
    work = place / "rtl" / "vivado"
    assert "place_design ERROR" in (work / "design.log").read_text()
    assert (work / "reports" / "route_timing.rpt").is_file()


def test_what_the_stand_in_rejects_is_told(
    place: Path, tool: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hw = Path(shutil.copytree(data_folder("hw"), tmp_path / "hw"))
    wrong = hw / "vivado" / "synth.tcl"
    wrong.write_text(wrong.read_text().replace("opt_design", "optimise_design", 1))
    monkeypatch.setattr(vendor, "data_folder", lambda _: hw)
    result = firebrick(place, *SYNTH, "--json")
    assert "unknown command optimise_design" in message(result, 1)


def test_a_memory_that_was_not_found_fails(
    place: Path, tool: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Vivado goes on with zeros; a run's own log is looked through as well."""
    hw = Path(shutil.copytree(data_folder("hw"), tmp_path / "hw"))
    script = hw / "vivado" / "design.tcl"
    line = "CRITICAL WARNING: [Synth 8-4445] could not open $readmem data file 'conv1.mem'"
    script.write_text(
        script.read_text().replace(
            "    open_run impl_1\n",
            "    open_run impl_1\n    file mkdir project/system.runs/synth_1\n"
            f"    recorder::write project/system.runs/synth_1/runme.log {{{line}}}\n",
        )
    )
    monkeypatch.setattr(vendor, "data_folder", lambda _: hw)
    result = firebrick(place, *SYNTH, "--json")
    assert "runme.log: CRITICAL WARNING: [Synth 8-4445]" in message(result, 1)


# --- folders and boards that are refused ----------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kernel": None}, "kernel: is not a JSON object"),
        ({"sources": []}, "sources=[] is not a list of paths"),
        ({"sources": ["../x.sv"]}, "sources='../x.sv' is no path in"),
        ({"memories": "conv1.mem"}, "memories='conv1.mem' is not a list of paths"),
        ({"memories": ["/etc/passwd"]}, "memories='/etc/passwd' is no path in"),
        ({"kernel": {"top": "a b"}}, "top='a b' does not match"),
        ({"kernel": {"top": "missing"}}, "top='missing' has no file in sources"),
        ({"kernel": {"data_bits": 48}}, "data_bits=48 is none of 32, 64"),
        ({"kernel": {"registers": {"FRAMES": "x"}}}, "FRAMES='x' is not an integer"),
        ({"target": "hls"}, "target='hls' is not 'rtl'"),
    ],
)
def test_a_manifest_that_is_not_ours_is_refused(
    change: dict[str, object], words: str, place: Path, tool: None
) -> None:
    path = place / "rtl" / "manifest.json"
    manifest = json.loads(path.read_text())
    for field, value in change.items():
        known = manifest.get(field)
        both = isinstance(known, dict) and isinstance(value, dict)
        manifest[field] = known | value if both else value  # type: ignore[operator]
    path.write_text(json.dumps(manifest))
    result = firebrick(place, *SYNTH)
    assert words in message(result, 2)
    assert not (place / "rtl" / "vivado").exists()


def test_a_top_that_is_not_as_generated_is_refused(place: Path) -> None:
    kernel = read_kernel(place / "rtl")
    path = place / "rtl" / "firebrick_kernel.sv"
    for line in ("always_comb x = 1;", "assign x = '0;", "import a::*;"):
        text = path.read_text()
        path.write_text(text.replace("endmodule", f"{line}\nendmodule"))
        with pytest.raises(FirebrickError, match=r"is not as generated: .* is no Verilog"):
            kernel.top_in_verilog()
        path.write_text(text)


def test_a_path_with_a_blank_is_refused(place: Path, tool: None) -> None:
    (place / "rtl").rename(place / "my rtl")
    result = firebrick(place, "synth", "my rtl", "--tool", "vivado")
    assert "has a blank or a character that vendors' tools" in message(result, 2)


def test_step_of_another_tool_is_refused(place: Path) -> None:
    result = firebrick(place, *SYNTH, "--skip", "cosim")
    assert "'cosim' is no step of --tool vivado: it has route, ip, bitstream" in message(result, 2)
