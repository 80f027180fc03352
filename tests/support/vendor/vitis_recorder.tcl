# SPDX-License-Identifier: Apache-2.0
# Commands of Vitis HLS as its user guide (AMD UG1399, 2020.2 to 2023.2) lists them.

source [file join [file dirname [info script]] recorder.tcl]

recorder::learn {
    open_project {{-reset -upgrade} {} 1 1 {}}
    set_top {{} {} 1 1 {open_project}}
    add_files {{-tb -appendflags} {-cflags "" -csimflags "" -blackbox ""} 1 1 {open_project}}
    open_solution {{-reset} {-flow_target {vivado vitis}} 1 1 {open_project}}
    set_part {{} {} 1 1 {open_solution}}
    create_clock {{} {-period "" -name ""} 0 0 {open_solution}}
    set_clock_uncertainty {{} {} 1 2 {create_clock}}
    csim_design {{-O -clean -setup -profile} {-argv "" -ldflags "" -mflags ""} 0 0
        {set_top sources bench open_solution}}
    csynth_design {{-dump_cfg -dump_post_cfg -synthesis_check} {} 0 0
        {set_top sources open_solution set_part create_clock}}
    cosim_design {{-O -coverage -disable_binary_tv -disable_deadlock_detection
        -disable_dependency_check -enable_dataflow_profiling -enable_fifo_sizing -random_stall
        -setup -wave_debug} {-argv "" -compiled_library_dir "" -ldflags "" -mflags ""
        -rtl {verilog vhdl} -tool {auto vcs modelsim riviera isim xsim ncsim xceliumn}
        -trace_level {none all port port_hier}} 0 0 {bench csynth_design}}
    export_design {{} {-description "" -display_name "" -flow {syn impl}
        -format {ip_catalog xo syn_dcp sysgen} -ipname "" -library "" -output ""
        -rtl {verilog vhdl} -taxonomy "" -vendor "" -version ""} 0 0 {csynth_design}}
    close_solution {{} {} 0 0 {open_solution}}
    close_project {{} {} 0 0 {open_project}}
}
namespace eval recorder { variable flow vivado }

proc recorder::on_set_top {options name} {
    if {![regexp {^[A-Za-z_]\w*$} $name]} { error "set_top: '$name' is no name of a function" }
}

proc recorder::on_add_files {options files} {
    variable done
    check_files add_files $files
    foreach option {-cflags -csimflags} {
        if {![dict exists $options $option]} continue
        foreach flag [dict get $options $option] {
            if {[regexp {^-I(.*)$} $flag all folder] && ![file isdirectory $folder]} {
                error "add_files: folder $folder does not exist"
            }
            if {![regexp {^-(I.+|D\w+(=.*)?|W[\w-]+|O[0-3]|std=(c|gnu)\+\+(98|0x|11|14|17))$} $flag]} {
                error "add_files: unknown option of the compiler '$flag'"
            }
        }
    }
    lappend done [expr {[dict exists $options -tb] ? "bench" : "sources"}]
}

proc recorder::on_open_solution {options name} {
    variable flow
    if {[dict exists $options -flow_target]} { set flow [dict get $options -flow_target] }
}

proc recorder::on_set_part {options part} { check_part set_part $part }

proc recorder::on_create_clock {options} {
    if {![dict exists $options -period]} return
    set period [dict get $options -period]
    if {![regexp {^(\d+\.?\d*)(ns|MHz)?$} $period all number] || $number == 0} {
        error "create_clock: '$period' is neither ns nor MHz"
    }
}

proc recorder::on_export_design {options} {
    variable flow
    if {[dict exists $options -output]} {
        set folder [file dirname [dict get $options -output]]
        if {![file isdirectory $folder]} { error "export_design: folder $folder does not exist" }
    }
    set format ip_catalog
    if {[dict exists $options -format]} { set format [dict get $options -format] }
    if {$format eq "xo" && $flow ne "vitis"} {
        error "export_design: xo wants open_solution -flow_target vitis"
    }
}
