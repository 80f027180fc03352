# SPDX-License-Identifier: Apache-2.0
"""`synth --tool vitis`: the kernel's description, its connections, runs with stand-ins.

No vendor tool runs here, and the reports that the stand-ins leave were written by hand.
"""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

import vivado_tools
from command_line import fields, firebrick
from firebrick.boards import all_boards, load_board
from firebrick.data import data_folder
from firebrick.errors import FirebrickError
from firebrick.hardware.resources import Resources
from firebrick.synth.vitis.project import check_card, config, kernel_xml
from firebrick.synth.vitis.tool import Step, commands
from firebrick.synth.vivado.project import KernelFolder, read_kernel
from stand_ins import install, need_tcl, only_on_path
from vivado_tools import config_faults

CARDS = [x.name for x in all_boards() if x.platform]
COUNTED = Resources(dsp=34, lut=9101, lutram=700, ff=5678, bram18=21, uram=2)


@pytest.fixture(scope="module")
def kernel(kernel_folder: Path) -> KernelFolder:
    return read_kernel(kernel_folder)


@pytest.fixture
def place(kernel_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a generated one in it, rtl/; stand-ins on PATH, nothing of the vendor's."""
    need_tcl()
    only_on_path(monkeypatch, install(tmp_path / "bin", "vivado_tools", "vivado", "v++"))
    shutil.copytree(kernel_folder, tmp_path / "here" / "rtl")
    return tmp_path / "here"


# --- what is handed over --------------------------------------------------------------------------


def test_kernel_is_described_as_the_register_map_says(kernel: KernelFolder) -> None:
    root = ElementTree.fromstring(kernel_xml(kernel))  # noqa: S314 our own
    (element,) = root
    assert element.attrib == {
        "name": "firebrick_kernel",
        "language": "ip_c",
        "vlnv": "firebrick:kernel:firebrick_kernel:1.0",
        "attributes": "",
        "preferredWorkGroupSizeMultiple": "0",
        "workGroupSize": "1",
        "interrupt": "true",
        "hwControlProtocol": "ap_ctrl_chain",
    }
    ports = {x.attrib["name"]: x.attrib for x in element.iterfind("ports/port")}
    assert ports.keys() == {"s_axi_control", "m_axi_gmem"}
    assert ports["s_axi_control"]["range"] == "0x1000"
    assert ports["m_axi_gmem"]["dataWidth"] == str(kernel.data_bits)
    found = [
        (x.get("id"), x.get("name"), x.get("port"), x.get("offset"), x.get("size"), x.get("type"))
        for x in element.iterfind("args/arg")
    ]
    memory, control = "m_axi_gmem", "s_axi_control"
    assert found == [
        ("0", "images", memory, "0x10", "0x8", "unsigned char*"),
        ("1", "logits", memory, "0x1c", "0x8", "int*"),
        ("2", "frames", control, "0x28", "0x4", "unsigned int"),
        ("3", "weights", memory, "0x30", "0x8", "unsigned char*"),
    ]
    qualifiers = [x.get("addressQualifier") for x in element.iterfind("args/arg")]
    assert qualifiers == ["1", "1", "0", "1"]


def test_ports_are_those_of_the_top(kernel: KernelFolder) -> None:
    text = kernel.top_in_verilog()
    root = ElementTree.fromstring(kernel_xml(kernel))  # noqa: S314 our own
    for port in root.iter("port"):
        assert f"{port.get('name')}_awvalid" in text
    assert f"output wire [{kernel.data_bits - 1}:0] m_axi_gmem_wdata," in text


def test_a_register_map_without_an_argument_is_refused(kernel: KernelFolder) -> None:
    left = {k: v for k, v in kernel.registers.items() if k != "FRAMES"}
    with pytest.raises(FirebrickError, match="registers: FRAMES is missing"):
        kernel_xml(replace(kernel, registers=left))


@pytest.mark.parametrize("name", CARDS)
def test_connections_of_every_card(name: str, kernel: KernelFolder) -> None:
    board = load_board(name)
    text = config(kernel, board)
    assert config_faults(text, kernel.top) == []
    assert text.splitlines() == [
        f"platform={board.platform}",
        "save-temps=1",
        "",
        "[connectivity]",
        "nk=firebrick_kernel:1:firebrick_kernel_1",
        f"sp=firebrick_kernel_1.m_axi_gmem:{board.memory_bank}",
    ]
    assert str(board.memory_bank).startswith("DDR" if name == "alveo-u250" else "HBM")


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("platform=", "platforms=", "unknown platforms"),
        ("platform=xilinx_u50_gen3x16_xdma_5_202210_1\n", "", "platform is missing"),
        ("save-temps=1", "save-temps=yes", "save-temps is 'yes'"),
        ("[connectivity]", "[connections]", "section [connections]"),
        ("[connectivity]\n", "", "unknown nk"),
        ("nk=firebrick_kernel:", "nk=other:", "no kernel other"),
        ("nk=firebrick_kernel:1:", "nk=firebrick_kernel:", "nk is "),
        ("sp=firebrick_kernel_1", "sp=firebrick_kernel_2", "is no port of firebrick_kernel_1"),
        (".m_axi_gmem:", ".gmem:", "is no port of"),
        ("HBM[0]", "HBM0", "sp is "),
        ("sp=", "sp=a.b:HBM[0]\nsp=", "sp again"),
    ],
)
def test_wrong_connections_are_found(
    before: str, after: str, fault: str, kernel: KernelFolder
) -> None:
    text = config(kernel, load_board("alveo-u50"))
    assert before in text
    assert fault in "\n".join(config_faults(text.replace(before, after, 1), kernel.top))


def test_board_without_a_platform_is_refused(kernel: KernelFolder) -> None:
    for check in (check_card, lambda board: config(kernel, board)):
        with pytest.raises(FirebrickError, match="board 'zcu104': platform is missing"):
            check(load_board("zcu104"))


LINK = (
    "v++ --link --target hw --config link.cfg --kernel_frequency 300 --temp_dir _x "
    "--report_dir reports --log_dir logs --output firebrick.xclbin firebrick_kernel.xo"
)


def test_commands(kernel: KernelFolder) -> None:
    board = load_board("alveo-u50")
    package, link = (x for _, x in commands(kernel, board, [Step.LINK]))
    assert " ".join(link) == LINK
    assert package[0] == "vivado"
    assert [x for _, x in commands(kernel, board, [])] == [package]


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("--link ", "", "--link is missing"),
        ("--target hw", "--target board", "--target is 'board'"),
        ("--config link.cfg", "--config none.cfg", "none.cfg does not exist"),
        ("--config link.cfg ", "", "--config is missing"),
        ("--kernel_frequency", "--frequency", "unknown option --frequency"),
        ("--kernel_frequency 300", "--kernel_frequency fast", "--kernel_frequency is 'fast'"),
        ("firebrick.xclbin", "firebrick.bin", "--output is 'firebrick.bin'"),
        ("firebrick_kernel.xo", "other.xo", "other.xo does not exist"),
        (" firebrick_kernel.xo", "", "kernels []"),
    ],
)
def test_wrong_commands_are_found(
    before: str,
    after: str,
    fault: str,
    kernel: KernelFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "firebrick_kernel.xo").write_text(kernel.top)
    (tmp_path / "link.cfg").write_text(config(kernel, load_board("alveo-u50")))
    assert before in LINK
    assert fault in "\n".join(vivado_tools.link(LINK.replace(before, after).split()[1:]))
    assert vivado_tools.link(LINK.split()[1:]) == []


# --- runs -----------------------------------------------------------------------------------------

SYNTH = ("synth", "rtl", "--tool", "vitis", "--board", "alveo-u50")


def test_kernel_is_linked_and_the_reports_are_told(place: Path) -> None:
    report = fields(place, *SYNTH)
    board, work = load_board("alveo-u50"), place.resolve() / "rtl" / "vitis"
    assert (report["tool"], report["board"], report["part"]) == ("vitis", board.name, board.part)
    assert report["platform"] == board.platform
    assert report["resources"] == COUNTED.fields()
    assert report["budget"] == board.budget().fields()
    assert (report["clock_mhz"], report["fmax_mhz"], report["fits"]) == (300, 287, True)
    assert report["kernel"] == str(work / "firebrick_kernel.xo")
    assert report["xclbin"] == str(work / "firebrick.xclbin")
    assert (work / "firebrick.xclbin").is_file()
    shared = ("tool", "version", "part", "board", "family", "resources", "predicted", "budget")
    assert report.keys() >= {*shared, "fits", "seconds", "instances"}


def test_link_may_be_skipped(place: Path) -> None:
    report = fields(place, *SYNTH, "--skip", "link")
    assert Path(report["kernel"]).is_file()
    left = {report[x] for x in ("xclbin", "resources", "fmax_mhz", "fits")}
    assert left == {None}
    assert "v++" not in (place / "rtl" / "vitis" / "build.log").read_text()


def test_people_see_platform_clock_and_file(place: Path) -> None:
    result = firebrick(place, *SYNTH)
    assert result.returncode == 0
    text = result.stdout.replace("\n", "")
    for words in ("xilinx_u50_gen3x16_xdma_5_202210_1", "287 MHz given, 300 MHz asked for"):
        assert words in text
    assert "9,101" in text


def test_a_zynq_is_refused_before_anything_is_written(place: Path) -> None:
    result = firebrick(place, "synth", "rtl", "--tool", "vitis", "--board", "kv260")
    assert result.returncode == 2
    assert "board 'kv260': platform is missing" in result.stderr.replace("\n", " ")
    assert not (place / "rtl" / "vitis").exists()


def test_half_of_the_tools_is_none(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(install(tmp_path / "half", "vivado_tools", "vivado")))
    result = firebrick(place, *SYNTH)
    assert result.returncode == 2
    assert "firebrick: v++: is not on PATH" in result.stderr


def test_a_link_that_fails_leaves_its_log(place: Path, tmp_path: Path) -> None:
    (tmp_path / "bin" / "v++").write_text("#!/bin/sh\necho 'ERROR: [v++ 60-1] no licence'\nexit 7")
    result = firebrick(place, *SYNTH, "--json")
    assert result.returncode == 1
    assert "v++ failed (7): ERROR: [v++ 60-1] no licence" in result.stderr.replace("\n", " ")
    work = place / "rtl" / "vitis"
    assert "no licence" in (work / "build.log").read_text()
    assert (work / "firebrick_kernel.xo").is_file()


def test_a_link_that_writes_nothing_fails(place: Path, tmp_path: Path) -> None:
    (tmp_path / "bin" / "v++").write_text("#!/bin/sh\nexit 0\n")
    result = firebrick(place, *SYNTH, "--json")
    assert result.returncode == 1
    assert "no firebrick.xclbin was written" in result.stderr.replace("\n", " ")


def test_a_kernel_beyond_the_board_fails_in_one_line(place: Path) -> None:
    text = (data_folder("hw") / "boards" / "alveo-u50.toml").read_text()
    (place / "small.toml").write_text(text.replace("dsp = 5_952", "dsp = 3"))
    result = firebrick(place, *SYNTH[:-1], "small.toml", "--json")
    assert result.returncode == 1
    assert json.loads(result.stdout)["fits"] is False
    assert "dsp=34 exceeds 3" in result.stderr.replace("\n", " ")
