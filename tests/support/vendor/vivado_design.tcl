# SPDX-License-Identifier: Apache-2.0
# Block designs for the recorder of Vivado: cells of known cores, their pins, and whether the wiring
# is complete. Commands as in AMD UG835; pins and parameters as in AMD PG082 (Processing System 7),
# PG201 (Zynq UltraScale+ MPSoC), PG059 (AXI Interconnect), PG247 (SmartConnect), PG164 (Processor
# System Reset).

recorder::learn {
    create_bd_design {{} {-dir "" -cell "" -bdsource "" -srcset ""} 1 1 {create_project}}
    create_bd_cell {{} {-vlnv "" -type {ip hier module container inline_hdl} -reference ""
        -revision ""} 1 1 {create_bd_design}}
    apply_bd_automation {{} {-rule "" -config "" -dict ""} 1 1 {create_bd_design}}
    get_bd_cells {{-regexp -hierarchical} {-filter "" -of_objects ""} 0 1 {create_bd_design}}
    get_bd_pins {{-regexp -hierarchical} {-filter "" -of_objects ""} 0 1 {create_bd_design}}
    get_bd_intf_pins {{-regexp -hierarchical} {-filter "" -of_objects ""} 0 1 {create_bd_design}}
    connect_bd_net {{} {-net "" -boundary_type {upper lower both}} 1 64 {create_bd_design}}
    connect_bd_intf_net {{} {-intf_net "" -boundary_type {upper lower both}} 2 2
        {create_bd_design}}
    assign_bd_address {{-boundary -external -force} {-target_address_space "" -offset "" -range ""
        -import_from_file ""} 0 64 {create_bd_design}}
    validate_bd_design {{-force -include_pfm} {-design ""} 0 0 {assign_bd_address}}
    save_bd_design {{} {} 0 1 {create_bd_design}}
    make_wrapper {{-top -testbench -inst_template -import -force} {-fileset ""} 1 1
        {save_bd_design}}
    generate_target {{-force} {} 2 2 {validate_bd_design}}
    launch_runs {{-scripts_only -force} {-jobs "" -dir "" -host "" -to_step {synth_design opt_design
        place_design phys_opt_design route_design write_bitstream} -next_step ""} 1 1
        {generate_target make_wrapper}}
    wait_on_run {{} {-timeout ""} 1 1 {launch_runs}}
    open_run {{} {-name "" -pr_config ""} 1 1 {wait_on_run}}
    write_bitstream {{-force -raw_bitfile -no_binary_bitfile -mask_file -bin_file} {-cell ""
        -reference_bitfile ""} 1 1 {open_run}}
}

namespace eval recorder {
    # Pins by core: name, what it is, and what has to be configured for it to exist.
    # out, in: signals. master, slave: buses.
    variable cores {
        processing_system7 {
            FCLK_CLK0 out 1  FCLK_RESET0_N out 1
            M_AXI_GP0_ACLK in PCW_USE_M_AXI_GP0  S_AXI_HP0_ACLK in PCW_USE_S_AXI_HP0
            IRQ_F2P in PCW_USE_FABRIC_INTERRUPT&&PCW_IRQ_F2P_INTR
            M_AXI_GP0 master PCW_USE_M_AXI_GP0  S_AXI_HP0 slave PCW_USE_S_AXI_HP0
        }
        zynq_ultra_ps_e {
            pl_clk0 out 1  pl_resetn0 out 1  pl_ps_irq0 in PSU__USE__IRQ0
            maxihpm0_fpd_aclk in PSU__USE__M_AXI_GP0  maxihpm1_fpd_aclk in PSU__USE__M_AXI_GP1
            maxihpm0_lpd_aclk in PSU__USE__M_AXI_GP2  saxihp0_fpd_aclk in PSU__USE__S_AXI_GP2
            M_AXI_HPM0_FPD master PSU__USE__M_AXI_GP0  M_AXI_HPM1_FPD master PSU__USE__M_AXI_GP1
            M_AXI_HPM0_LPD master PSU__USE__M_AXI_GP2  S_AXI_HP0_FPD slave PSU__USE__S_AXI_GP2
        }
        proc_sys_reset {
            slowest_sync_clk in 1  ext_reset_in in 1
            interconnect_aresetn out 1  peripheral_aresetn out 1
        }
        axi_interconnect {
            ACLK in 1  ARESETN in 1  S00_ACLK in 1  S00_ARESETN in 1  M00_ACLK in 1
            M00_ARESETN in 1  M01_ACLK in NUM_MI>1  S00_AXI slave 1  M00_AXI master 1
            M01_AXI master NUM_MI>1
        }
        smartconnect {
            aclk in 1  aresetn in 1  S00_AXI slave 1  S01_AXI slave NUM_SI>1  M00_AXI master 1
        }
        firebrick_kernel {
            ap_clk in 1  ap_rst_n in 1  interrupt out 1
            s_axi_control slave 1  m_axi_gmem master 1
        }
    }
    # Parameters by core: what they are before anything is set.
    variable defaults {
        processing_system7 {PCW_USE_M_AXI_GP0 1 PCW_USE_S_AXI_HP0 0 PCW_S_AXI_HP0_DATA_WIDTH 64
            PCW_USE_FABRIC_INTERRUPT 0 PCW_IRQ_F2P_INTR 0 PCW_FPGA0_PERIPHERAL_FREQMHZ 50}
        zynq_ultra_ps_e {PSU__USE__M_AXI_GP0 1 PSU__USE__M_AXI_GP1 1 PSU__USE__M_AXI_GP2 0
            PSU__USE__S_AXI_GP2 0 PSU__SAXIGP2__DATA_WIDTH 128 PSU__USE__IRQ0 0
            PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ 100}
        proc_sys_reset {}
        axi_interconnect {NUM_SI 1 NUM_MI 2}
        smartconnect {NUM_SI 2 NUM_MI 1}
        firebrick_kernel {}
    }
    variable cells {}
    variable nets {}
    variable buses {}
    variable automated {}
    variable status "Not started"
}

proc recorder::on_create_bd_cell {options name} {
    variable cells
    variable cores
    variable defaults
    if {![regexp {^(xilinx\.com:ip|firebrick:kernel):(\w+)(:\d+\.\d+)?$} [value $options -vlnv] \
            all owner core] || ![dict exists $cores $core]} {
        error "create_bd_cell: no core [value $options -vlnv]"
    }
    dict set cells $name [list $core [dict get $defaults $core]]
    return cell:$name
}

proc recorder::configure_cell {cell property value} {
    variable cells
    variable defaults
    lassign [dict get $cells $cell] core parameters
    set name [string range $property 7 end]
    if {![string match CONFIG.* $property] || ![dict exists $defaults $core $name]} {
        error "set_property: $core has no $property"
    }
    if {![string is integer -strict $value]} { error "set_property: $property is '$value'" }
    dict set cells $cell [list $core [dict replace $parameters $name $value]]
}

proc recorder::on_apply_bd_automation {options object} {
    variable cells
    variable automated
    set core [lindex [dict get $cells [string range $object 5 end]] 0]
    if {[value $options -rule] ne "xilinx.com:bd_rule:$core"} {
        error "apply_bd_automation: rule [value $options -rule] is not one of $core"
    }
    set config [value $options -config]
    if {![dict exists $config apply_board_preset] || ![dict get $config apply_board_preset]} {
        error "apply_bd_automation: the board's preset is not applied"
    }
    if {$core eq "processing_system7" && [value $config make_external] ne "FIXED_IO, DDR"} {
        error "apply_bd_automation: DDR stays unconnected"
    }
    lappend automated $core
}

# Kind of a pin, or empty if the cell does not have it.
proc recorder::pin_kind {path} {
    variable cells
    variable cores
    lassign [split $path /] cell pin
    if {![dict exists $cells $cell]} return
    lassign [dict get $cells $cell] core parameters
    foreach {name kind condition} [dict get $cores $core] {
        if {$name ne $pin} continue
        set test [regsub -all {[A-Z][A-Z0-9_]+} $condition {[dict get $parameters &]}]
        if {[expr $test]} { return $kind }
    }
}
proc recorder::on_get_bd_cells {options name} {
    variable cells
    if {![dict exists $cells $name]} { error "get_bd_cells: no cell $name" }
    return cell:$name
}
proc recorder::on_get_bd_pins {options path} {
    if {[pin_kind $path] ni {in out}} { error "get_bd_pins: no pin $path" }
    return pin:$path
}
proc recorder::on_get_bd_intf_pins {options path} {
    if {[pin_kind $path] ni {master slave}} { error "get_bd_intf_pins: no interface $path" }
    return bus:$path
}

# A net is known by its driver.
proc recorder::on_connect_bd_net {options args} {
    variable nets
    set paths [lmap x $args {string range $x 4 end}]
    set drivers [lmap x $paths {expr {[pin_kind $x] eq "out" ? $x : [continue]}}]
    if {[llength $drivers] != 1} { error "connect_bd_net: drivers of $paths: '$drivers'" }
    foreach path $paths {
        if {$path in $drivers} continue
        if {[dict exists $nets $path]} { error "connect_bd_net: $path is driven twice" }
        dict set nets $path [lindex $drivers 0]
    }
}

proc recorder::on_connect_bd_intf_net {options from to} {
    variable buses
    set ends [lmap x [list $from $to] {string range $x 4 end}]
    if {[lsort [lmap x $ends {pin_kind $x}]] ne {master slave}} {
        error "connect_bd_intf_net: $ends are not a master and a slave"
    }
    foreach end $ends {
        if {[dict exists $buses $end]} { error "connect_bd_intf_net: $end is connected twice" }
        dict set buses $end 1
    }
}

proc recorder::on_validate_bd_design {options} {
    variable cells
    variable cores
    variable nets
    variable buses
    variable automated
    foreach cell [dict keys $cells] {
        set core [lindex [dict get $cells $cell] 0]
        if {[regexp {^(processing|zynq)} $core] && $core ni $automated} {
            error "validate_bd_design: $cell has no preset"
        }
        foreach {pin kind condition} [dict get $cores $core] {
            set path $cell/$pin
            set open [expr {($kind eq "in" && ![dict exists $nets $path])
                || ($kind in {master slave} && ![dict exists $buses $path])}]
            if {$open && [pin_kind $path] ne ""} { error "validate_bd_design: $path is open" }
        }
    }
    foreach {pin wanted} {kernel/ap_clk ps/(FCLK_CLK0|pl_clk0)
            kernel/ap_rst_n reset/peripheral_aresetn
            reset/ext_reset_in ps/(FCLK_RESET0_N|pl_resetn0)
            ps/(IRQ_F2P|pl_ps_irq0) kernel/interrupt} {
        set found [dict filter $nets script {sink driver} {regexp ^${pin}$ $sink}]
        if {![regexp "^${wanted}$" [lindex $found 1]]} {
            error "validate_bd_design: $pin is driven by '[lindex $found 1]'"
        }
    }
}

proc recorder::on_get_files {options {pattern *}} {
    variable done
    if {$pattern ne "design.bd" || "save_bd_design" ni $done} { error "get_files: no $pattern" }
    return file:$pattern
}
proc recorder::on_generate_target {options name object} {
    variable project
    lassign $project title folder
    set handoff $folder/$title.gen/sources_1/bd/design/hw_handoff
    file mkdir $handoff
    write $handoff/design.hwh "stand-in"
}
proc recorder::on_launch_runs {options run} {
    variable status
    variable top
    if {$run ni {synth_1 impl_1}} { error "launch_runs: no run $run" }
    if {$top ne "design_wrapper"} { error "launch_runs: the top is '$top'" }
    set status "[value $options -to_step] Complete!"
    if {[info exists ::env(STAND_IN_STATUS)]} { set status $::env(STAND_IN_STATUS) }
}
proc recorder::on_open_run {options run} {
    variable done
    lappend done design
}
proc recorder::on_write_bitstream {options path} { write $path "stand-in" }
