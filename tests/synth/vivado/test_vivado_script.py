# SPDX-License-Identifier: Apache-2.0
"""What is handed to Vivado: its scripts run against a recorder that knows AMD's documentation."""

from pathlib import Path

import pytest

from firebrick.boards import all_boards, load_board
from firebrick.data import data_folder
from firebrick.runtime.pynq import find_kernel
from firebrick.synth.vitis import tool as vitis_tool
from firebrick.synth.vivado import tool as vivado_tool
from firebrick.synth.vivado.project import Step, read_kernel
from rtl_lint import assert_clean
from stand_ins import need_tcl
from vivado_tools import record
from vivado_work import work_of

ZYNQS = [x.name for x in all_boards() if x.processing_system]
CARDS = [x.name for x in all_boards() if x.platform]


def called(lines: list[str]) -> list[str]:
    return [x.removeprefix("call ") for x in lines if x.startswith("call ")]


def test_boards_are_zynqs_or_cards() -> None:
    assert len(ZYNQS) == 5
    assert len(CARDS) == 3
    assert not set(ZYNQS) & set(CARDS)


def test_synthesis_out_of_context(kernel_folder: Path, tmp_path: Path) -> None:
    board = load_board("zcu104")
    work = work_of(kernel_folder, tmp_path, board, *Step)
    lines = record(work / "synth.tcl")
    kernel = read_kernel(kernel_folder)
    sources, memories = (" ".join(map(str, x)) for x in (kernel.sources, kernel.memories))
    assert lines == [
        "call set_msg_config -id {Synth 8-4445} -new_severity ERROR",
        f"call read_verilog -sv {{{sources}}}",
        f"call read_mem {{{memories}}}",
        "call read_xdc -mode out_of_context clock.xdc",
        f"call synth_design -top firebrick_kernel -part {board.part} -mode out_of_context",
        "call report_utilization -file reports/synth_utilization.rpt",
        "call report_timing_summary -file reports/synth_timing.rpt",
        "call write_checkpoint -force synth.dcp",
        *(f"call {x}_design" for x in ("opt", "place", "phys_opt", "route")),
        "call report_utilization -file reports/route_utilization.rpt",
        "call report_timing_summary -file reports/route_timing.rpt",
        "call write_checkpoint -force route.dcp",
        "exit 0",
    ]
    assert "-period 3.333 [get_ports ap_clk]" in (work / "clock.xdc").read_text()


def test_synthesis_without_route(kernel_folder: Path, tmp_path: Path) -> None:
    work = work_of(kernel_folder, tmp_path, load_board("zcu104"), Step.IP)
    assert called(record(work / "synth.tcl"))[-1] == "write_checkpoint -force synth.dcp"


def test_ip_core_has_every_interface(kernel_folder: Path, tmp_path: Path) -> None:
    work = work_of(kernel_folder, tmp_path, load_board("pynq-z2"), *Step)
    lines = called(record(work / "package.tcl"))
    core = "core:current"
    for line in (
        f"ipx::infer_bus_interface interrupt xilinx.com:signal:interrupt_rtl:1.0 {core}",
        f"ipx::associate_bus_interfaces -busif s_axi_control -clock ap_clk {core}",
        f"ipx::associate_bus_interfaces -busif m_axi_gmem -clock ap_clk {core}",
        f"ipx::associate_bus_interfaces -clock ap_clk -reset ap_rst_n {core}",
        "set_property value ACTIVE_LOW parameter:ap_rst_n/POLARITY",
        "set_property value LEVEL_HIGH parameter:interrupt/SENSITIVITY",
        f"ipx::save_core {core}",
    ):
        assert line in lines
    (added,) = (x for x in lines if x.startswith("add_files "))
    assert f"{work}/firebrick_kernel.v" in added
    assert "firebrick_kernel.sv" not in added
    assert all(f"/{x.name}" in added for x in read_kernel(kernel_folder).memories)
    assert not any("sdx" in x or x.startswith("package_xo") for x in lines)


@pytest.mark.parametrize("name", CARDS)
def test_kernel_of_a_card(name: str, kernel_folder: Path, tmp_path: Path) -> None:
    work = work_of(kernel_folder, tmp_path, load_board(name), xo="firebrick_kernel.xo")
    lines = record(work / "package.tcl")
    assert lines[-1] == "exit 0"
    assert "call set_property sdx_kernel true core:current" in lines
    assert lines[-2] == (
        "call package_xo -force -xo_path firebrick_kernel.xo -kernel_name firebrick_kernel "
        f"-ip_directory {work}/ip -kernel_xml kernel.xml"
    )
    assert set(vitis_tool.SCRIPTS) <= {f"hw/{x}" for x in vivado_tool.SCRIPTS}


@pytest.mark.parametrize("name", ZYNQS)
def test_block_design_of_every_zynq(name: str, kernel_folder: Path, tmp_path: Path) -> None:
    board = load_board(name)
    work = work_of(kernel_folder, tmp_path, board, *Step)
    record(work / "package.tcl")
    lines = record(work / "design.tcl")
    assert lines[-1] == "exit 0"
    assert (work / "firebrick.bit").is_file()
    assert (work / "firebrick.hwh").is_file()
    text = "\n".join(lines)
    assert f"FREQMHZ {board.clock_mhz}\n" in text
    assert f"-part {board.part} system project" in text
    # The recorder's validate_bd_design finds every pin that stays open; these are the ends of all.
    clock, interrupt, control, memory = {
        "processing_system7": ("FCLK_CLK0", "IRQ_F2P", "M_AXI_GP0", "S_AXI_HP0"),
        "zynq_ultra_ps_e": ("pl_clk0", "pl_ps_irq0", "M_AXI_HPM0_FPD", "S_AXI_HP0_FPD"),
    }[str(board.processing_system)]
    core = "firebrick:kernel:firebrick_kernel:1.0"
    assert f"call create_bd_cell -type ip -vlnv {core} kernel" in lines
    assert (
        find_kernel({"ps": {"type": "xilinx.com:ip:x:1.0"}, "kernel": {"type": core}}) == "kernel"
    )
    for line in (
        f"connect_bd_net pin:ps/{clock} pin:kernel/ap_clk",
        f"connect_bd_net pin:kernel/interrupt pin:ps/{interrupt}",
        f"connect_bd_intf_net bus:ps/{control} bus:control/S00_AXI",
        "connect_bd_intf_net bus:control/M00_AXI bus:kernel/s_axi_control",
        "connect_bd_intf_net bus:kernel/m_axi_gmem bus:memory/S00_AXI",
        f"connect_bd_intf_net bus:memory/M00_AXI bus:ps/{memory}",
    ):
        assert f"call {line}" in lines


def test_newest_board_files_are_taken(kernel_folder: Path, tmp_path: Path) -> None:
    work = work_of(kernel_folder, tmp_path, load_board("kv260"), *Step)
    record(work / "package.tcl")
    lines = called(record(work / "design.tcl"))
    assert "set_property board_part xilinx.com:kv260_som:part0:1.10 project:current" in lines


def test_no_bitstream_of_a_missed_clock(
    kernel_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = work_of(kernel_folder, tmp_path, load_board("pynq-z2"), *Step)
    record(work / "package.tcl")
    monkeypatch.setenv("STAND_IN_SLACK", "-0.205")
    lines = record(work / "design.tcl")
    assert lines[-2:] == ["said no bitstream: setup slack is -0.205 ns", "exit 0"]
    assert not (work / "firebrick.bit").exists()
    assert (work / "reports" / "design_timing.rpt").is_file()


# --- the top in Verilog ---------------------------------------------------------------------------


def test_top_in_verilog_is_verilog(kernel_folder: Path, tmp_path: Path) -> None:
    kernel = read_kernel(kernel_folder)
    text = kernel.top_in_verilog()
    assert "logic" not in text
    path = tmp_path / kernel.verilog
    path.write_text(text)
    others = [x for x in kernel.sources if x.stem != kernel.top]
    assert_clean([*others, path], "+1364-2005ext+v", "--top-module", kernel.top)
    was = next(x for x in kernel.sources if x.stem == kernel.top).read_text()
    assert text.replace("wire", "logic") == was


def test_script_for_fusesoc_sets_what_vivado_has(tmp_path: Path) -> None:
    need_tcl()
    text = (data_folder("hw") / "vivado" / "out_of_context.tcl").read_text()
    script = tmp_path / "project.tcl"
    script.write_text(f"create_project p -part xc7z020clg400-1\n{text}\nexit 0\n")
    lines = record(script)
    assert lines[-1] == "exit 0"
    assert "{STEPS.SYNTH_DESIGN.ARGS.MORE OPTIONS}" in lines[-2]
