# SPDX-License-Identifier: Apache-2.0
# Commands of Vitis HLS as its user guide (AMD UG1399, 2020.2 to 2023.2) lists them, for running a
# script without the tool: each call is checked and noted, and nothing else happens. Rejected are
# unknown commands and options, wrong numbers of arguments, files and folders that do not exist,
# and calls before what they need. `recorder::run FILE` returns what happened, a line each.

namespace eval recorder {
    # Command: options without a value; options with one, and what it may be ("" is anything);
    # fewest and most arguments; what must have been done before.
    variable known {
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
    variable lines {}
    variable done {}
    variable flow vivado
}

# Takes a call apart; returns its options as a dictionary and its arguments.
proc recorder::parse {name words} {
    variable known
    lassign [dict get $known $name] flags valued least most
    set options {}
    set arguments {}
    while {[llength $words]} {
        set words [lassign $words word]
        if {$word in $flags} {
            dict set options $word 1
        } elseif {[dict exists $valued $word]} {
            if {![llength $words]} { error "$name: $word has no value" }
            set words [lassign $words value]
            set allowed [dict get $valued $word]
            if {$allowed ne "" && $value ni $allowed} {
                error "$name: $word is '$value', not one of $allowed"
            }
            dict set options $word $value
        } elseif {[string match -* $word]} {
            error "$name: unknown option $word"
        } else {
            lappend arguments $word
        }
    }
    set count [llength $arguments]
    if {$count < $least || $count > $most} {
        error "$name: $count arguments, not $least to $most"
    }
    return [list $options $arguments]
}

proc recorder::call {name args} {
    variable known
    variable lines
    variable done
    lassign [parse $name $args] options arguments
    foreach before [lindex [dict get $known $name] 4] {
        if {$before ni $done} { error "$name: wants $before before it" }
    }
    if {[info procs check_$name] ne ""} { check_$name $options {*}$arguments }
    lappend done $name
    lappend lines "call [list $name {*}$args]"
    return ""
}

proc recorder::check_set_top {options name} {
    if {![regexp {^[A-Za-z_]\w*$} $name]} { error "set_top: '$name' is no name of a function" }
}

proc recorder::check_add_files {options files} {
    variable done
    foreach file $files {
        if {![file isfile $file]} { error "add_files: $file does not exist" }
    }
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

proc recorder::check_open_solution {options name} {
    variable flow
    if {[dict exists $options -flow_target]} { set flow [dict get $options -flow_target] }
}

proc recorder::check_set_part {options part} {
    if {![regexp {^xc[a-z0-9]+(-[a-zA-Z0-9]+)+$} $part]} { error "set_part: '$part' is no part" }
}

proc recorder::check_create_clock {options} {
    if {![dict exists $options -period]} return
    set period [dict get $options -period]
    if {![regexp {^(\d+\.?\d*)(ns|MHz)?$} $period all number] || $number == 0} {
        error "create_clock: '$period' is neither ns nor MHz"
    }
}

proc recorder::check_export_design {options} {
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

# Runs a script. The last line is "exit STATUS", or "error MESSAGE" where it did not get there.
proc recorder::run {script} {
    variable lines
    if {[catch {uplevel #0 [list source $script]} message options]} {
        set code [dict get $options -errorcode]
        if {[lindex $code 0] eq "RECORDER"} {
            lappend lines "exit [lindex $code 1]"
        } else {
            lappend lines "error $message"
        }
    } else {
        # The tool would wait for commands.
        lappend lines "error the script does not exit"
    }
    return [join $lines \n]
}

foreach name [dict keys $recorder::known] {
    interp alias {} $name {} recorder::call $name
}
proc unknown {name args} { error "unknown command $name" }
proc exit {{status 0}} { return -code error -errorcode [list RECORDER $status] "exit $status" }
rename puts recorder::print
proc puts {args} {
    if {[lindex $args 0] ne "stderr"} { return [recorder::print {*}$args] }
    lappend recorder::lines "said [lindex $args end]"
    return ""
}
