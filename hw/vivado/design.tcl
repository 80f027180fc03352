# SPDX-License-Identifier: Apache-2.0
# A Zynq's processing system and the kernel, to firebrick.bit and firebrick.hwh:
# `vivado -mode batch -source design.tcl`, after package.tcl. One clock, of the processing system;
# registers at its first general-purpose master, memory at its first high-performance slave, the
# interrupt at its first line, which is the one that PYNQ serves. No bitstream of a design that
# misses its clock is written.

source [file join [file dirname [info script]] common.tcl]

# Pins of a processing system that the design uses (AMD PG082, PG201).
set pins(processing_system7) {
    clock FCLK_CLK0  reset FCLK_RESET0_N  interrupt IRQ_F2P
    control M_AXI_GP0  control_clock M_AXI_GP0_ACLK
    memory S_AXI_HP0   memory_clock S_AXI_HP0_ACLK
}
set pins(zynq_ultra_ps_e) {
    clock pl_clk0  reset pl_resetn0  interrupt pl_ps_irq0
    control M_AXI_HPM0_FPD  control_clock maxihpm0_fpd_aclk
    memory S_AXI_HP0_FPD    memory_clock saxihp0_fpd_aclk
}
set rules(processing_system7) {
    make_external "FIXED_IO, DDR" apply_board_preset 1 Master Disable Slave Disable
}
set rules(zynq_ultra_ps_e) {apply_board_preset 1}

# What the board's preset leaves open. CLOCK stands for MHz.
set options(processing_system7) {
    CONFIG.PCW_USE_M_AXI_GP0 1
    CONFIG.PCW_USE_S_AXI_HP0 1
    CONFIG.PCW_S_AXI_HP0_DATA_WIDTH 64
    CONFIG.PCW_USE_FABRIC_INTERRUPT 1
    CONFIG.PCW_IRQ_F2P_INTR 1
    CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ CLOCK
}
set options(zynq_ultra_ps_e) {
    CONFIG.PSU__USE__M_AXI_GP0 1
    CONFIG.PSU__USE__M_AXI_GP1 0
    CONFIG.PSU__USE__M_AXI_GP2 0
    CONFIG.PSU__USE__S_AXI_GP2 1
    CONFIG.PSU__SAXIGP2__DATA_WIDTH 128
    CONFIG.PSU__USE__IRQ0 1
    CONFIG.PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ CLOCK
}

# An IP core as a cell of the design.
proc add_cell {name vlnv {properties {}}} {
    set cell [create_bd_cell -type ip -vlnv $vlnv $name]
    if {[llength $properties]} { set_property -dict $properties $cell }
}
proc connect_pins {from args} {
    foreach to $args { connect_bd_net [get_bd_pins $from] [get_bd_pins $to] }
}
proc connect_buses {from to} { connect_bd_intf_net [get_bd_intf_pins $from] [get_bd_intf_pins $to] }

proc connect_cells {processing_system clock top} {
    global pins rules options
    array set ps $pins($processing_system)
    add_cell ps xilinx.com:ip:$processing_system
    apply_bd_automation -rule xilinx.com:bd_rule:$processing_system \
        -config $rules($processing_system) [get_bd_cells ps]
    set_property -dict [string map [list CLOCK $clock] $options($processing_system)] \
        [get_bd_cells ps]
    add_cell reset xilinx.com:ip:proc_sys_reset:5.0
    add_cell control xilinx.com:ip:axi_interconnect:2.1 {CONFIG.NUM_SI 1 CONFIG.NUM_MI 1}
    add_cell memory xilinx.com:ip:smartconnect:1.0 {CONFIG.NUM_SI 1 CONFIG.NUM_MI 1}
    add_cell kernel firebrick:kernel:$top:1.0

    connect_pins ps/$ps(clock) reset/slowest_sync_clk ps/$ps(control_clock) ps/$ps(memory_clock) \
        control/ACLK control/S00_ACLK control/M00_ACLK memory/aclk kernel/ap_clk
    connect_pins ps/$ps(reset) reset/ext_reset_in
    connect_pins reset/interconnect_aresetn control/ARESETN memory/aresetn
    connect_pins reset/peripheral_aresetn control/S00_ARESETN control/M00_ARESETN kernel/ap_rst_n
    connect_buses ps/$ps(control) control/S00_AXI
    connect_buses control/M00_AXI kernel/s_axi_control
    connect_buses kernel/m_axi_gmem memory/S00_AXI
    connect_buses memory/M00_AXI ps/$ps(memory)
    connect_pins kernel/interrupt ps/$ps(interrupt)
}

proc build {} {
    source settings.tcl
    create_project -force -part $part system project
    be_strict
    # The newest of the board's files that are installed.
    set boards [lsort -dictionary [get_board_parts $board_part]]
    if {![llength $boards]} {
        error "no board files match $board_part: install them, see docs/vendor_tools.md"
    }
    set_property board_part [lindex $boards end] [current_project]
    set_property ip_repo_paths [file normalize ip] [current_project]
    update_ip_catalog

    create_bd_design design
    connect_cells $processing_system $clock $top
    assign_bd_address
    validate_bd_design
    save_bd_design
    set diagram [get_files design.bd]
    make_wrapper -top -import $diagram
    set_property top design_wrapper [current_fileset]
    generate_target all $diagram

    launch_runs impl_1 -to_step route_design -jobs 2
    wait_on_run impl_1
    set status [get_property STATUS [get_runs impl_1]]
    if {![string match *Complete* $status]} { error "implementation ended with: $status" }
    open_run impl_1
    write_reports design
    foreach {kind delay} {setup max hold min} {
        set slack [get_property SLACK [get_timing_paths -delay_type $delay]]
        if {$slack < 0} {
            puts "no bitstream: $kind slack is $slack ns"
            return
        }
    }
    write_bitstream -force firebrick.bit
    # In .srcs up to 2020.1, in .gen later.
    set handoff [glob project/system.*/sources_1/bd/design/hw_handoff/design.hwh]
    file copy -force [lindex $handoff end] firebrick.hwh
}

finish build
