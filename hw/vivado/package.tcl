# SPDX-License-Identifier: Apache-2.0
# The kernel as an IP core in the folder ip, and for a card as an .xo file that `v++ --link` takes:
# `vivado -mode batch -source package.tcl`.

source [file join [file dirname [info script]] common.tcl]

# Interfaces of one signal, and what they are where the packager has not found out by the name.
set signals {
    ap_clk    xilinx.com:signal:clock_rtl:1.0
    ap_rst_n  xilinx.com:signal:reset_rtl:1.0
    interrupt xilinx.com:signal:interrupt_rtl:1.0
}
set buses {s_axi_control m_axi_gmem}

proc set_parameter {name value interface} {
    set parameter [ipx::get_bus_parameters $name -of_objects $interface]
    if {![llength $parameter]} { set parameter [ipx::add_bus_parameter $name $interface] }
    set_property value $value $parameter
}

proc build {} {
    global signals buses
    source settings.tcl
    create_project -force -part $part packaging packaging
    # All files belong to the core, also those that only some parameters instantiate (AMD AR 70646).
    set_property source_mgmt_mode DisplayOnly [current_project]
    add_files -norecurse [concat $packaged $memories]
    set_property top $top [current_fileset]

    ipx::package_project -root_dir [file normalize ip] -vendor firebrick -library kernel -taxonomy /UserIP \
        -import_files -force
    set core [ipx::current_core]
    set_property version 1.0 $core
    foreach {name kind} $signals {
        if {![llength [ipx::get_bus_interfaces $name -of_objects $core]]} {
            ipx::infer_bus_interface $name $kind $core
        }
    }
    foreach name $buses {
        if {![llength [ipx::get_bus_interfaces $name -of_objects $core]]} {
            error "the packager found no interface $name"
        }
        ipx::associate_bus_interfaces -busif $name -clock ap_clk $core
    }
    ipx::associate_bus_interfaces -clock ap_clk -reset ap_rst_n $core
    set_parameter POLARITY ACTIVE_LOW [ipx::get_bus_interfaces ap_rst_n -of_objects $core]
    set_parameter SENSITIVITY LEVEL_HIGH [ipx::get_bus_interfaces interrupt -of_objects $core]
    set_parameter SUPPORTS_NARROW_BURST 0 [ipx::get_bus_interfaces m_axi_gmem -of_objects $core]
    # Whoever instantiates the core chooses the clock.
    set_property ipi_drc {ignore_freq_hz true} $core
    if {$format eq "xo"} {
        set_property sdx_kernel true $core
        set_property sdx_kernel_type rtl $core
        set_property vitis_drc {ctrl_protocol ap_ctrl_chain} $core
    }
    ipx::create_xgui_files $core
    ipx::update_checksums $core
    ipx::check_integrity $core
    ipx::save_core $core
    close_project

    if {$format eq "xo"} {
        package_xo -force -xo_path $xo -kernel_name $top -ip_directory [file normalize ip] \
            -kernel_xml kernel.xml
    }
}

finish build
