# SPDX-License-Identifier: Apache-2.0
"""What is handed to Vitis HLS: its script runs against a recorder, its config against a table."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from firebrick.boards import all_boards, load_board
from firebrick.emit.hls.top import Border
from firebrick.synth.vitis_hls.project import Project, Step, read_project
from firebrick.synth.vitis_hls.tool import CONFIG, SCRIPT, write_work
from stand_ins import need_tcl
from vitis_tools import BOARDS, config_faults, record

ALL = tuple(Step)


def work_of(project: Project, folder: Path, *steps: Step) -> Path:
    """The work folder of a project."""
    need_tcl()
    write_work(project, steps, folder / "work")
    return folder / "work"


@pytest.mark.parametrize("border", Border)
def test_script_takes_every_step(
    border: Border, folders: dict[Border, Path], tmp_path: Path
) -> None:
    board, root = load_board(BOARDS[border]), folders[border]
    work = work_of(read_project(root, board), tmp_path, *ALL)
    (root / "vitis_hls").mkdir(exist_ok=True)
    flow, format_, ending = {
        Border.STREAM: ("vivado", "ip_catalog", "zip"),
        Border.MEMORY: ("vitis", "xo", "xo"),
    }[border]
    cflags = f"{{-std=c++17 -I{root}/include -I{root}}}"
    assert record(work / SCRIPT) == [
        "call open_project -reset project",
        "call set_top firebrick_network",
        f"call add_files {root}/network.cpp -cflags {cflags}",
        f"call add_files -tb {root}/testbench.cpp -cflags {cflags}",
        f"call open_solution -reset -flow_target {flow} solution",
        f"call set_part {board.part}",
        "call create_clock -period 300MHz -name default",
        "call csim_design -O",
        "call csynth_design",
        "call cosim_design -O -rtl verilog",
        f"call export_design -format {format_} -output {root}/vitis_hls/firebrick_network.{ending}",
        "exit 0",
    ]


@pytest.mark.parametrize("border", Border)
def test_config_says_the_same(border: Border, folders: dict[Border, Path], tmp_path: Path) -> None:
    board, root = load_board(BOARDS[border]), folders[border]
    text = read_project(root, board).config()
    assert config_faults(text) == []
    work_of(read_project(root, board), tmp_path, *ALL)
    assert (tmp_path / "work" / CONFIG).read_text() == text
    lines = text.splitlines()
    assert f"part={board.part}" in lines[: lines.index("[hls]")]
    assert f"syn.file={root}/network.cpp" in lines
    assert f"syn.cflags=-std=c++17 -I{root}/include -I{root}" in lines
    assert f"tb.file={root}/testbench.cpp" in lines
    assert ("flow_target=vitis" in lines) == (border is Border.MEMORY)
    assert ("package.output.format=xo" in lines) == (border is Border.MEMORY)


@pytest.mark.parametrize("steps", [(), (Step.CSIM,), (Step.EXPORT,), (Step.COSIM,)], ids=str)
def test_steps_may_be_left_out(steps: tuple[Step, ...], project: Project, tmp_path: Path) -> None:
    project.export.parent.mkdir(exist_ok=True)
    lines = record(work_of(project, tmp_path, *steps) / SCRIPT)
    done = {x.split()[1] for x in lines if re.search(r"(csim|csynth|cosim|export)_design", x)}
    assert done == {"csynth_design", *(f"{x}_design" for x in steps)}
    assert lines[-1] == "exit 0"


def test_every_board_can_be_handed_over(project: Project, tmp_path: Path) -> None:
    project.export.parent.mkdir(exist_ok=True)
    for board in all_boards():
        one = replace(project, part=board.part, clock_mhz=board.clock_mhz)
        lines = record(work_of(one, tmp_path, *ALL) / SCRIPT)
        assert f"call set_part {board.part}" in lines
        assert lines[-1] == "exit 0"
        assert config_faults(one.config()) == []


CHANGES = {
    "set_top $top\n": [
        ("set_tops $top\n", "unknown command set_tops"),
        ("", "csim_design: wants set_top before it"),
        ("set_top\n", "set_top: 0 arguments, not 1 to 1"),
        ("set_top $top $top\n", "set_top: 2 arguments, not 1 to 1"),
        ("set_top 2fast\n", "set_top: '2fast' is no name of a function"),
        ("set_top -force $top\n", "set_top: unknown option -force"),
        ("close_solution\n", "close_solution: wants open_solution before it"),
    ],
    "open_project -reset project": [
        ("", "set_top: wants open_project before it"),
        ("open_project -rest project", "open_project: unknown option -rest"),
    ],
    "add_files $file": [
        ("add_files nowhere.cpp", "add_files: nowhere.cpp does not exist"),
        ("add_files $file $file", "add_files: 2 arguments, not 1 to 1"),
        ("add_files $file -csimflags -Inowhere", "add_files: folder nowhere does not exist"),
        ("add_files $file -csimflags -std=c++20", "unknown option of the compiler '-std=c++20'"),
    ],
    "foreach file $bench { add_files -tb $file -cflags $cflags }": [
        ("", "csim_design: wants bench before it"),
    ],
    "open_solution -reset -flow_target $flow solution": [
        ("", "set_part: wants open_solution before it"),
        ("open_solution solution -flow_target", "open_solution: -flow_target has no value"),
        ("open_solution -flow_target quartus s", "-flow_target is 'quartus', not one of vivado"),
    ],
    "set_part $part": [
        ("", "csynth_design: wants set_part before it"),
        ("set_part zcu104", "set_part: 'zcu104' is no part"),
    ],
    "create_clock -period ${clock}MHz": [
        ("create_clock -period ${clock}GHz", "create_clock: '300GHz' is neither ns nor MHz"),
        ("create_clock -period 0", "create_clock: '0' is neither ns nor MHz"),
    ],
    "csynth_design\n": [
        ("", "cosim_design: wants csynth_design before it"),
        ("csynth_design 3\n", "csynth_design: 1 arguments, not 0 to 0"),
    ],
    "-rtl verilog": [("-rtl systemc", "cosim_design: -rtl is 'systemc', not one of verilog vhdl")],
    "-format $format": [
        ("-format xo", "export_design: xo wants open_solution -flow_target vitis"),
        ("-format zip", "export_design: -format is 'zip', not one of ip_catalog"),
    ],
    "-output $export": [("-output no/x.zip", "export_design: folder no does not exist")],
    "set_part": [("puts [exec true]\n    set_parts", "unknown command set_parts")],
}
"""Changes to the script, and what the recorder must say to each."""


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [(before, *change) for before, changes in CHANGES.items() for change in changes],
)
def test_a_wrong_script_is_found(
    before: str, after: str, message: str, project: Project, tmp_path: Path
) -> None:
    project.export.parent.mkdir(exist_ok=True)
    script = work_of(project, tmp_path, *ALL) / SCRIPT
    text = script.read_text()
    assert before in text
    script.write_text(text.replace(before, after, 1))
    said, status = record(script)[-2:]
    assert said.startswith("said build.tcl: ")
    assert message in said
    assert status == "exit 1"


def test_a_script_that_never_ends_is_found(project: Project, tmp_path: Path) -> None:
    script = work_of(project, tmp_path) / SCRIPT
    script.write_text(script.read_text().replace("\nexit 0\n", "\n"))
    assert record(script)[-1] == "error the script does not exit"


def test_a_setting_that_is_missing_is_found(project: Project, tmp_path: Path) -> None:
    work = work_of(project, tmp_path)
    settings = (work / "settings.tcl").read_text().splitlines()
    for line in settings[1:]:
        (work / "settings.tcl").write_text("\n".join(x for x in settings if x != line))
        name = line.split()[1]
        if name not in ("format", "export"):  # only read for the export, which is left out
            lines = record(work / SCRIPT)
            assert lines[-1] == "exit 1", name
            assert f'can\'t read "{name}"' in lines[-2]


def test_either_interpreter_sees_the_same(project: Project, tmp_path: Path) -> None:
    program = shutil.which("tclsh")
    if program is None:
        pytest.skip("tclsh is not there")
    project.export.parent.mkdir(exist_ok=True)
    script = work_of(project, tmp_path, *ALL) / SCRIPT
    assert record(script) == record(script, program=program)


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("syn.top=firebrick_network", "syn.tops=x", "unknown syn.tops"),
        ("syn.top=firebrick_network", "syn.top=", "syn.top is ''"),
        ("syn.top=firebrick_network\n", "", "syn.top is missing"),
        ("flow_target=vivado", "flow_target=quartus", "flow_target is 'quartus'"),
        ("clock=300MHz", "clock=300", "clock is '300'"),
        ("clock=300MHz", "clock=300MHz\nclock=200MHz", "clock again"),
        ("network.cpp", "nowhere.cpp", "nowhere.cpp does not exist"),
        ("/include", "/nowhere", "/nowhere does not exist"),
        ("[hls]", "[hsl]", "section [hsl]"),
        ("[hls]\n", "", "unknown flow_target"),
        ("part=", "[hls]\npart=", "unknown part"),
        ("cosim.rtl=verilog", "cosim.rtl=systemc", "cosim.rtl is 'systemc'"),
        ("format=ip_catalog", "format=xo", "xo wants flow_target=vitis"),
        ("csim.O=true", "csim.O", "unknown csim.O"),
    ],
)
def test_a_wrong_config_is_found(before: str, after: str, fault: str, project: Project) -> None:
    text = project.config()
    assert before in text
    assert fault in "\n".join(config_faults(text.replace(before, after, 1)))
