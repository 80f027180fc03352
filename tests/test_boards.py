# SPDX-License-Identifier: Apache-2.0
"""Boards: the files that come along, budgets, and files that nobody vouches for."""

import re
from dataclasses import astuple
from pathlib import Path

import pytest

from firebrick.boards import COUNTS, VENDOR, Board, all_boards, board_names, load_board
from firebrick.checked.documents import LARGEST_TOML
from firebrick.errors import FirebrickError
from firebrick.hardware.resources import Family, Resources

ROOT = Path(__file__).parents[1]
BOARDS = ROOT / "hw" / "boards"

DEVICES = {
    "alveo-u250": ("xcu250-figd2104-2L-e", 12_288, 1_728_000, 791_040, 3_456_000, 2_688, 1_280),
    "alveo-u280": ("xcu280-fsvh2892-2L-e", 9_024, 1_303_680, 600_960, 2_607_360, 2_016, 960),
    "alveo-u50": ("xcu50-fsvh2104-2-e", 5_952, 871_680, 403_200, 1_743_360, 1_344, 640),
    "kv260": ("xck26-sfvc784-2LV-c", 1_248, 117_120, 57_600, 234_240, 144, 64),
    "pynq-z2": ("xc7z020clg400-1", 220, 53_200, 17_400, 106_400, 140, 0),
    "ultra96-v2": ("xczu3eg-sbva484-1-i", 360, 70_560, 28_800, 141_120, 216, 0),
    "zcu102": ("xczu9eg-ffvb1156-2-e", 2_520, 274_080, 144_000, 548_160, 912, 0),
    "zcu104": ("xczu7ev-ffvc1156-2-e", 1_728, 230_400, 101_760, 460_800, 312, 96),
}
"""Part, DSP, LUT, LUT as memory, flip-flops, BRAM36, UltraRAM: written down a second time."""

GOOD = {
    "title": '"My board"',
    "part": '"xc7z020clg400-1"',
    "dsp_kind": '"DSP48E1"',
    "assumed_clock_mhz": "100",
    "memory_interface": '"DDR3"',
    "[device]": "",
    "dsp": "7",
    "lut": "99",
    "lutram": "33",
    "ff": "200",
    "bram36": "5",
    "uram": "0",
    "[sources]": "\n".join(f'{x} = "a data sheet"' for x in COUNTS),
}


def write(folder: Path, changes: dict[str, str | None], name: str = "mine.toml") -> Path:
    """A board file with some lines changed, left out (None) or added."""
    first = {x: value for x, value in changes.items() if x in VENDOR}  # before the tables
    lines = {**first, **GOOD, **changes}
    text = "\n".join(
        f"{field}\n{value}" if field.startswith("[") else f"{field} = {value}"
        for field, value in lines.items()
        if value is not None
    )
    path = folder / name
    path.write_text(text)
    return path


def refusal(path: Path) -> str:
    """The one line with which a file is refused, without its name."""
    with pytest.raises(FirebrickError) as caught:
        load_board(str(path))
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert message.isprintable()
    assert len(message) < len(str(path)) + 600
    assert caught.value.exit_status == 2
    return message.removeprefix(f"{path}: ")


# --- files that come along ------------------------------------------------------------------------


def test_boards_are_those_promised() -> None:
    assert board_names() == sorted(DEVICES)
    assert [x.name for x in all_boards()] == sorted(DEVICES, key=lambda x: DEVICES[x][2])


@pytest.mark.parametrize("name", DEVICES)
def test_board_has_the_numbers_of_its_device(name: str) -> None:
    board = load_board(name)
    device = board.device
    counts = (device.dsp, device.lut, device.lutram, device.ff, device.bram36, device.uram)
    assert (board.part, *counts) == DEVICES[name]
    assert device.bram18 == 2 * device.bram36
    assert board.family == (Family.XC7 if board.part.startswith("xc7") else Family.XCUP)
    assert device.ff == 2 * device.lut  # true of both families


@pytest.mark.parametrize("name", DEVICES)
def test_each_figure_names_its_source(name: str) -> None:
    board = load_board(name)
    named = [x for x in VENDOR if getattr(board, x) is not None]
    assert [x for x, _ in board.sources] == [*COUNTS, *named]
    for field, source in board.sources:
        if field in COUNTS:
            assert re.match(r"AMD (DS|UG)\d{3}\b|Vivado, ", source), source
    assert any(re.match(r"AMD DS\d{3}\b", source) for _, source in board.sources)


PARTS = {
    "kv260": "xilinx.com:kv260_som:part0:*",
    "pynq-z2": "tul.com.tw:pynq-z2:part0:*",
    "ultra96-v2": "avnet.com:ultra96v2:part0:*",
    "zcu102": "xilinx.com:zcu102:part0:*",
    "zcu104": "xilinx.com:zcu104:part0:*",
}
PLATFORMS = {
    "alveo-u250": ("xilinx_u250_gen3x16_xdma_4_1_202210_1", "DDR[0]"),
    "alveo-u280": ("xilinx_u280_gen3x16_xdma_1_202211_1", "HBM[0]"),
    "alveo-u50": ("xilinx_u50_gen3x16_xdma_5_202210_1", "HBM[0]"),
}


@pytest.mark.parametrize("name", DEVICES)
def test_board_is_a_zynq_or_a_card(name: str) -> None:
    board = load_board(name)
    assert board.board_part == PARTS.get(name)
    assert (board.platform, board.memory_bank) == PLATFORMS.get(name, (None, None))
    seven = "processing_system7" if board.family is Family.XC7 else "zynq_ultra_ps_e"
    assert board.processing_system == (seven if name in PARTS else None)
    lines = (BOARDS / f"{name}.toml").read_text().splitlines()
    (number,) = (
        n for n, x in enumerate(lines) if x.startswith(("board_part", "platform")) and n < 12
    )
    assert lines[number - 1] == "# Read in documentation: no vendor tool has run with them."


@pytest.mark.parametrize("name", DEVICES)
def test_assumed_clock_says_so(name: str) -> None:
    lines = (BOARDS / f"{name}.toml").read_text().splitlines()
    (number,) = (n for n, x in enumerate(lines) if x.startswith("assumed_clock_mhz"))
    assert "place and route" in lines[number - 1]


def test_example_of_the_page_is_a_board(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "boards.md").read_text()
    (text,) = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    path = tmp_path / "my.toml"
    path.write_text(text)
    board = load_board(str(path))
    assert board.name == "my"
    assert board.budget().lut == 49_392  # 70 % of 70,560


# --- budgets --------------------------------------------------------------------------------------


def small_board(folder: Path, changes: dict[str, str | None]) -> Board:
    return load_board(str(write(folder, changes)))


def test_default_budget_is_80_percent_of_luts_and_all_of_the_rest(tmp_path: Path) -> None:
    board = small_board(tmp_path, {})
    assert board.device == Resources(dsp=7, lut=99, lutram=33, ff=200, bram18=10, uram=0)
    assert board.budget() == Resources(dsp=7, lut=79, lutram=33, ff=200, bram18=10, uram=0)


def test_budget_shares_are_the_users(tmp_path: Path) -> None:
    board = small_board(tmp_path, {"[budget_percent]": "lut = 100\nbram36 = 50\ndsp = 99"})
    assert board.budget() == Resources(dsp=6, lut=99, lutram=33, ff=200, bram18=5, uram=0)


def test_nothing_exceeds_the_device() -> None:
    for board in all_boards():
        pairs = zip(astuple(board.budget()), astuple(board.device), strict=True)
        assert all(0 <= part <= whole for part, whole in pairs)


# --- files that nobody vouches for ----------------------------------------------------------------


def test_unknown_name_lists_those_known_and_the_way() -> None:
    with pytest.raises(FirebrickError) as caught:
        load_board("zcu105")
    message = str(caught.value)
    for word in (*DEVICES, "'zcu105'", ".toml", "docs/boards.md"):
        assert word in message


@pytest.mark.parametrize("name", ["", "../boards/kv260", "kv260/", "KV260", "kv260\n", "*"])
def test_name_is_no_path(name: str) -> None:
    with pytest.raises(FirebrickError, match="is none of"):
        load_board(name)


WRONG: dict[str, tuple[dict[str, str | None], str]] = {
    "missing text": ({"part": None}, "part is missing"),
    "missing count": ({"uram": None}, "device: uram is missing"),
    "missing source": (
        {"[sources]": 'dsp = "x"'},
        "sources: lut is missing",
    ),
    "unknown field": ({"speed": "3"}, "sources: speed=3 is not a known field"),
    "source of nothing": ({"platform ": "3"}, "sources: platform=3 is not a known field"),
    "unknown table": ({"[clock]": "mhz = 3"}, "clock={'mhz': 3} is not a known field"),
    "field of another language": (
        {'"a\\nb"': "1"},
        r"sources: 'a\nb'=1 is not a known field",
    ),
    "negative": ({"dsp": "-1"}, "device: dsp=-1 is not in 0..16777216"),
    "float": ({"dsp": "7.0"}, "device: dsp=7.0 is not an integer"),
    "boolean": ({"dsp": "true"}, "device: dsp=True is not an integer"),
    "text for a number": ({"dsp": '"7"'}, "device: dsp='7' is not an integer"),
    "date": ({"dsp": "1979-05-27"}, "device: dsp=datetime.date(1979, 5, 27) is not an integer"),
    "huge": ({"lut": "9" * 300}, "device: lut=" + "9" * 37 + "... is not in 0..16777216"),
    "too huge for Python": ({"lut": "9" * 5000}, "is not TOML: "),
    "stopped clock": ({"assumed_clock_mhz": "0"}, "assumed_clock_mhz=0 is not in 1..2000"),
    "more memory than LUTs": ({"lutram": "100"}, "device: lutram=100 exceeds lut=99"),
    "other DSP": ({"dsp_kind": '"DSP58"'}, "dsp_kind='DSP58' is not one of DSP48E1, DSP48E2"),
    "empty text": ({"title": '""'}, "title='' is not one line of 1 to 400"),
    "misspelt": ({"lutt": '"x"'}, "sources: lutt='x' is not a known field: those are dsp, "),
    "long text": ({"title": f'"{"x" * 401}"'}, "is not one line of 1 to 400"),
    "several lines": ({"title": '"a\\nb"'}, r"title='a\nb' is not one line"),
    "terminal codes": ({"title": '"\\u001b[31m"'}, r"title='\x1b[31m' is not one line"),
    "table for a text": ({"part": "{}"}, "part={} is not a text"),
    "share of nothing": (
        {"[budget_percent]": "lut = 0"},
        "budget_percent: lut=0 is not in 1..100",
    ),
    "more than all": ({"[budget_percent]": "ff = 101"}, "budget_percent: ff=101 is not in 1..100"),
    "share of what is not": (
        {"[budget_percent]": "lots = 1"},
        "budget_percent: lots=1 is not a known field",
    ),
    "board of no vendor": (
        {"board_part": '"zcu104"', "processing_system": '"processing_system7"'},
        "board_part='zcu104' does not match",
    ),
    "text for a tool": (
        {"board_part": '"a:b:part0:1.0; exit"', "processing_system": '"processing_system7"'},
        "board_part='a:b:part0:1.0; exit' does not match",
    ),
    "half a Zynq": (
        {"processing_system": '"processing_system7"'},
        "processing_system='processing_system7' is given without board_part",
    ),
    "half a card": ({"platform": '"xilinx_u50"'}, "'xilinx_u50' is given without memory_bank"),
    "processor of another family": (
        {"board_part": '"a:b:part0:*"', "processing_system": '"zynq_ultra_ps_e"'},
        "processing_system='zynq_ultra_ps_e' is none of family xc7",
    ),
    "no processor": (
        {"board_part": '"a:b:part0:*"', "processing_system": '"microblaze"'},
        "processing_system='microblaze' does not match",
    ),
    "no bank": (
        {"platform": '"xilinx_u50"', "memory_bank": '"HBM"'},
        "memory_bank='HBM' does not match",
    ),
    "names without a source": (
        {"platform": '"xilinx_u50"', "memory_bank": '"HBM[0]"'},
        "sources: platform is missing",
    ),
    "twice": ({"[device] ": "dsp = 1"}, "is not TOML: "),
    "no TOML": ({"dsp": "="}, "is not TOML: "),
    "dotted": ({"a." * 20_000 + "a": "1"}, "a line has more than 200 dots"),
    "deep": ({"dsp": "[" * 20_000}, "is not TOML: "),
}


@pytest.mark.parametrize("case", WRONG)
def test_hostile_file_is_refused_in_one_line(case: str, tmp_path: Path) -> None:
    changes, message = WRONG[case]
    assert message in refusal(write(tmp_path, changes))


def test_table_of_another_type_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    lines = [f"{x} = {GOOD[x]}" for x in list(GOOD)[:5]]
    path.write_text("\n".join([*lines, "device = 3"]))
    assert refusal(path) == "device: is not a table"


def test_binary_huge_and_missing_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe\x00")
    assert refusal(path).startswith("cannot be read: 'utf-8' codec")
    path.write_text("#" * (LARGEST_TOML + 1))
    assert refusal(path) == f"exceeds {LARGEST_TOML} bytes"
    assert refusal(tmp_path / "none.toml") == "cannot be read: No such file or directory"
    folder = tmp_path / "folder.toml"
    folder.mkdir()
    assert refusal(folder) == "cannot be read: Is a directory"


@pytest.mark.parametrize("name", ["My Board", "-x", "é", "x" * 65, "a b"])
def test_file_name_is_a_plain_name(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, {}, f"{name}.toml")
    assert refusal(path).startswith(f"file name={name!r}"[:40])
