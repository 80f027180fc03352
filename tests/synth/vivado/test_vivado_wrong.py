# SPDX-License-Identifier: Apache-2.0
"""Changes to Vivado's scripts: each is found without Vivado."""

import shutil
from pathlib import Path

import pytest

from firebrick.boards import load_board
from firebrick.synth.vivado.project import Step
from vivado_tools import record
from vivado_work import work_of

CHANGES: dict[str, dict[str, list[tuple[str, str]]]] = {
    "synth.tcl": {
        "    be_strict": [("    be_stricter", "unknown command be_stricter")],
        "read_verilog -sv $sources": [
            ("", "synth_design: wants read_verilog before it"),
            ("read_verilog -sv", "read_verilog: 0 arguments, not 1 to 1"),
            ("read_verilog -sv2 $sources", "read_verilog: unknown option -sv2"),
            ("read_verilog nowhere.sv", "read_verilog: nowhere.sv does not exist"),
        ],
        "read_mem $memories": [("read_memory $memories", "unknown command read_memory")],
        "read_xdc -mode out_of_context": [
            ("read_xdc -mode ooc", "read_xdc: -mode is 'ooc', not one of default out_of_context")
        ],
        "clock.xdc": [("none.xdc", "read_xdc: none.xdc does not exist")],
        "-top $top": [
            ("-top none", "synth_design: no file has the top 'none'"),
            ("-topp $top", "synth_design: unknown option -topp"),
            ("", "synth_design: no file has the top ''"),
        ],
        "-part $part": [("-part zcu104", "synth_design: 'zcu104' is no part")],
        "    opt_design\n": [("", "place_design: wants opt_design before it")],
        "    place_design\n": [("", "phys_opt_design: wants place_design before it")],
        "route_design": [("route_design 3", "route_design: 1 arguments, not 0 to 0")],
        "write_checkpoint -force synth.dcp": [
            ("write_checkpoint -force", "write_checkpoint: 0 arguments, not 1 to 1"),
            ("write_checkpoint no/synth.dcp", "no does not exist"),
        ],
    },
    "common.tcl": {
        "file mkdir reports": [("", "reports does not exist")],
        "-new_severity ERROR": [("-new_severity BAD", "-new_severity is 'BAD', not one of")],
        "report_utilization -file": [
            ("report_usage -file", "unknown command report_usage"),
            ("report_utilization -fil", "report_utilization: unknown option -fil"),
        ],
    },
    "package.tcl": {
        "create_project -force -part $part packaging packaging": [
            ("", "current_project: wants create_project before it"),
            ("create_project packaging", "create_project: '' is no part"),
        ],
        "DisplayOnly": [("Sometimes", "set_property: source_mgmt_mode is 'Sometimes'")],
        "$packaged": [("$sources", "ipx::package_project: no Verilog top 'firebrick_kernel'")],
        "set_property top $top [current_fileset]": [
            ("set_property tops $top [current_fileset]", "a fileset has no property 'tops'"),
            ("", "ipx::package_project: no Verilog top ''"),
        ],
        "[current_fileset]": [("", "set_property: no object ''")],
        "-taxonomy /UserIP": [
            ("-taxonomi /UserIP", "ipx::package_project: unknown option -taxonomi")
        ],
        "            ipx::infer_bus_interface $name $kind $core\n": [
            ("", "ipx::add_bus_parameter: no interface")
        ],
        "interrupt_rtl": [("irq_rtl", "ipx::infer_bus_interface: unknown interface")],
        "m_axi_gmem}": [("m_axi_gmem0}", "the packager found no interface m_axi_gmem0")],
        "-busif $name -clock ap_clk": [
            ("-busif $name -clock clk", "ipx::associate_bus_interfaces: -clock clk is no interface")
        ],
        "set_parameter SENSITIVITY LEVEL_HIGH": [
            ("set_parameter SENSITIVITY HIGH", "set_property: value is 'HIGH'"),
            ("set_parameter SENSITIV 1", "ipx::add_bus_parameter: unknown SENSITIV"),
        ],
        "ignore_freq_hz true": [("ignore_freq true", "set_property: ipi_drc is")],
        "ipx::create_xgui_files $core": [("", "ipx::save_core: wants ipx::create_xgui_files")],
        "-kernel_xml kernel.xml": [
            ("-kernel_xml none.xml", "package_xo: none.xml does not exist"),
            ("-ctrl_protocol chain", "package_xo: -ctrl_protocol is 'chain', not one of"),
        ],
        "-kernel_name $top": [("", "package_xo: -kernel_name is missing")],
        "sdx_kernel true": [("sdx_kernel yes", "set_property: sdx_kernel is 'yes'")],
        "ctrl_protocol ap_ctrl_chain": [("ap_ctrl_chain", "set_property: vitis_drc is")],
    },
    "design.tcl": {
        "[get_board_parts $board_part]": [
            ("[get_board_parts nobody:*]", "no board files match"),
            ("[get_boards $board_part]", "unknown command get_boards"),
        ],
        "ip_repo_paths [file normalize ip]": [("ip_repo_paths cores", "ip_repo_paths: no core in")],
        "create_bd_design design": [("", "create_bd_cell: wants create_bd_design before it")],
        "xilinx.com:ip:smartconnect:1.0": [
            ("xilinx.com:ip:smart_connect:1.0", "create_bd_cell: no core xilinx.com:ip:smart_co")
        ],
        "firebrick:kernel:$top:1.0": [("firebrick:user:$top:1.0", "no core firebrick:user:fire")],
        "control xilinx.com:ip:axi_interconnect:2.1 {CONFIG.NUM_SI 1 CONFIG.NUM_MI 1}": [
            ("control xilinx.com:ip:axi_interconnect:2.1", "control/M01_ACLK is open"),
            (
                "control xilinx.com:ip:axi_interconnect:2.1 {CONFIG.SI 1}",
                "set_property: axi_interconnect has no CONFIG.SI",
            ),
        ],
        "rule xilinx.com:bd_rule:$processing_system": [
            ("rule xilinx.com:bd_rule:axi4", "apply_bd_automation: rule xilinx.com:bd_rule:axi4")
        ],
        "FIXED_IO, DDR": [("FIXED_IO", "apply_bd_automation: DDR stays unconnected")],
        "apply_board_preset 1 Master": [("Master", "the board's preset is not applied")],
        "CONFIG.PCW_USE_S_AXI_HP0 1": [("", "get_bd_pins: no pin ps/S_AXI_HP0_ACLK")],
        "CONFIG.PCW_IRQ_F2P_INTR 1": [("", "get_bd_pins: no pin ps/IRQ_F2P")],
        "FREQMHZ CLOCK": [("FREQMHZ fast", "CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ is 'fast'")],
        "control/ACLK ": [("", "validate_bd_design: control/ACLK is open")],
        "memory/aclk kernel/ap_clk": [("kernel/ap_clk", "memory/aclk is open")],
        "connect_pins ps/$ps(reset) reset/ext_reset_in": [("", "reset/ext_reset_in is open")],
        "control/M00_ARESETN kernel/ap_rst_n": [
            ("control/M00_ARESETN", "kernel/ap_rst_n is open"),
            ("control/M00_ARESETN kernel/ap_rst", "get_bd_pins: no pin kernel/ap_rst"),
        ],
        "connect_pins reset/interconnect_aresetn control/ARESETN": [
            ("connect_pins reset/ext_reset_in control/ARESETN", "connect_bd_net: drivers of")
        ],
        "connect_buses kernel/m_axi_gmem memory/S00_AXI": [
            ("", "memory/S00_AXI is open"),
            ("connect_buses kernel/m_axi_gmem memory/M00_AXI", "are not a master and a slave"),
        ],
        "connect_buses memory/M00_AXI ps/$ps(memory)": [
            ("", "ps/S_AXI_HP0 is open"),
            ("connect_buses control/M00_AXI ps/$ps(memory)", "control/M00_AXI is connected twice"),
        ],
        "connect_pins kernel/interrupt ps/$ps(interrupt)": [
            ("", "ps/IRQ_F2P is open"),
            ("connect_pins ps/$ps(clock) ps/$ps(interrupt)", "is driven by 'ps/FCLK_CLK0'"),
        ],
        "    assign_bd_address\n": [("", "validate_bd_design: wants assign_bd_address")],
        "    validate_bd_design\n": [("", "generate_target: wants validate_bd_design")],
        "    save_bd_design\n": [("", "get_files: no design.bd")],
        "make_wrapper -top -import $diagram": [("", "launch_runs: wants make_wrapper before it")],
        "top design_wrapper": [("top design", "launch_runs: the top is 'design'")],
        "generate_target all $diagram": [
            ("", "launch_runs: wants generate_target before it"),
            ("generate_target all", "generate_target: 1 arguments, not 2 to 2"),
        ],
        "-to_step route_design": [("-to_step route", "launch_runs: -to_step is 'route', not one")],
        "    wait_on_run impl_1\n": [("", "open_run: wants wait_on_run before it")],
        "STATUS [get_runs impl_1]": [
            ("STATE [get_runs impl_1]", "get_property: 'run:impl_1' has no property 'STATE'"),
            ("STATUS [get_runs impl_2]", "get_runs: no run impl_2"),
        ],
        "    open_run impl_1\n": [("", "report_utilization: wants design before it")],
        "-delay_type $delay": [("-delay_type late", "get_timing_paths: -delay_type is 'late'")],
        "hw_handoff/design.hwh]": [("handoff/design.hwh]", "no files matched glob pattern")],
    },
}
"""Changes to the scripts, and what the recorder or the script must say to each."""
CASES = [
    (script, before, *change)
    for script, changes in CHANGES.items()
    for before, several in changes.items()
    for change in several
]


@pytest.fixture(scope="module")
def prepared(kernel_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder with an IP core in it."""
    place = tmp_path_factory.mktemp("prepared")
    work = work_of(kernel_folder, place, load_board("pynq-z2"), *Step, xo="firebrick_kernel.xo")
    assert record(work / "package.tcl")[-1] == "exit 0"
    return work


@pytest.mark.parametrize(("script", "before", "after", "message"), CASES)
def test_a_wrong_script_is_found(
    script: str, before: str, after: str, message: str, prepared: Path, tmp_path: Path
) -> None:
    work = Path(shutil.copytree(prepared, tmp_path / "work"))
    text = (work / script).read_text()
    assert before in text
    (work / script).write_text(text.replace(before, after, 1))
    shutil.rmtree(work / "reports", ignore_errors=True)
    said, status = record(work / (script if script != "common.tcl" else "synth.tcl"))[-2:]
    assert said.startswith("said ERROR: ")
    assert message in said
    assert status == "exit 1"


def test_there_are_enough_wrong_scripts() -> None:
    assert len(CASES) > 75


@pytest.mark.parametrize("script", ["synth.tcl", "package.tcl", "design.tcl"])
def test_a_script_that_never_ends_is_found(script: str, prepared: Path, tmp_path: Path) -> None:
    work = Path(shutil.copytree(prepared, tmp_path / "work"))
    text = (work / script).read_text()
    (work / script).write_text(text.replace("\nfinish build\n", "\n"))
    assert record(work / script)[-1] == "error the script does not exit"


@pytest.mark.parametrize("script", ["synth.tcl", "package.tcl", "design.tcl"])
def test_a_setting_that_is_missing_is_found(script: str, prepared: Path, tmp_path: Path) -> None:
    work = Path(shutil.copytree(prepared, tmp_path / "work"))
    settings = (work / "settings.tcl").read_text().splitlines()
    used = [x.split()[1] for x in settings[1:]]
    used = [x for x in used if f"${x}" in (work / script).read_text()]
    assert used
    for name in used:
        left = [x for x in settings if not x.startswith(f"set {name} ")]
        (work / "settings.tcl").write_text("\n".join(left))
        lines = record(work / script)
        assert lines[-1] == "exit 1", name
        assert f'can\'t read "{name}"' in lines[-2]


def test_either_interpreter_sees_the_same(prepared: Path) -> None:
    program = shutil.which("tclsh")
    if program is None:
        pytest.skip("tclsh is not there")
    for script in ("synth", "package", "design"):
        path = prepared / f"{script}.tcl"
        assert record(path) == record(path, program=program)
