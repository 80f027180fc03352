# SPDX-License-Identifier: Apache-2.0
# The kernel alone, out of context: `vivado -mode batch -source synth.tcl`. Reports of what it takes
# and of its timing after synthesis and, if `steps` says so, after place and route.

source [file join [file dirname [info script]] common.tcl]

proc build {} {
    source settings.tcl
    be_strict
    read_verilog -sv $sources
    if {[llength $memories]} { read_mem $memories }
    read_xdc -mode out_of_context clock.xdc

    synth_design -top $top -part $part -mode out_of_context
    write_reports synth
    write_checkpoint -force synth.dcp
    if {"route" ni $steps} return

    opt_design
    place_design
    phys_opt_design
    route_design
    write_reports route
    write_checkpoint -force route.dcp
}

finish build
