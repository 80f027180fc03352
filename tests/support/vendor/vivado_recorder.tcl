# SPDX-License-Identifier: Apache-2.0
# Commands of Vivado as its reference lists them (AMD UG835, 2022.1 to 2024.2, one page a command),
# `package_xo` as AMD UG1393 does, `ipx::` as AMD UG1118 and the packaging scripts of its tutorials
# use them. Objects are texts, "kind:name"; their properties are tables too. Reports that are
# written are copies of those beside this file; a slack in ::env(STAND_IN_SLACK) replaces theirs.

set vivado_tests [file dirname [file normalize [info script]]]
source [file join $vivado_tests recorder.tcl]

recorder::learn {
    create_project {{-force -in_memory -ip -rtl_kernel} {-part ""} 0 2 {}}
    close_project {{-delete} {} 0 0 {create_project}}
    current_project {{} {} 0 1 {create_project}}
    current_fileset {{-constrset -simset -blockset} {} 0 1 {create_project}}
    add_files {{-norecurse -force -scan_for_includes} {-fileset "" -of_objects "" -copy_to ""} 1 1
        {create_project}}
    set_msg_config {{-suppress -regexp} {-id "" -string "" -severity "" -limit "" -new_severity
        {{CRITICAL WARNING} WARNING INFO ERROR STATUS ADVISORY}} 0 0 {}}
    set_property {{} {-name "" -value "" -objects "" -dict ""} 0 3 {}}
    get_property {{-min -max} {} 2 2 {}}
    get_runs {{-regexp -nocase} {-filter ""} 0 1 {create_project}}
    get_files {{-regexp -nocase -compile_order -references -all}
        {-filter "" -used_in "" -of_objects ""} 0 1 {create_project}}
    get_board_parts {{-regexp -nocase -latest_file_version -latest_hw_revision} {-filter ""} 0 1 {}}
    update_ip_catalog {{-rebuild} {-add_ip "" -delete_ip "" -disable_ip "" -enable_ip "" -repo_path
        ""} 0 0 {create_project}}

    read_verilog {{-sv} {-library ""} 1 1 {}}
    read_mem {{} {} 1 1 {}}
    read_xdc {{-unmanaged -no_add} {-cells "" -ref "" -mode {default out_of_context}} 1 1 {}}
    synth_design {{-rtl -lint -no_lc -lut_cascade -keep_equivalent_registers -no_srlextract -assert
        -no_timing_driven -sfcu -debug_log} {-name "" -part "" -constrset "" -top ""
        -include_dirs "" -generic "" -define "" -verilog_define ""
        -flatten_hierarchy {full none rebuilt} -directive "" -bufg "" -shreg_min_size ""
        -mode {default out_of_context} -fsm_extraction "" -srl_style "" -resource_sharing ""
        -cascade_dsp "" -max_bram "" -max_uram "" -max_dsp ""} 0 0 {read_verilog}}
    opt_design {{-retarget -propconst -sweep -bram_power_opt -remap} {-directive ""} 0 0
        {synth_design}}
    place_design {{-unplace -post_place_opt -no_timing_driven} {-directive ""} 0 0 {opt_design}}
    phys_opt_design {{-fanout_opt -placement_opt -routing_opt -retime} {-directive ""} 0 0
        {place_design}}
    route_design {{-unroute -release_memory -tns_cleanup} {-directive ""} 0 0 {place_design}}
    report_utilization {{-append -return_string -slr -packthru -no_primitives -hierarchical
        -hierarchical_percentages} {-file "" -pblocks "" -cells "" -name "" -hierarchical_depth ""
        -format {xml table}} 0 0 {design}}
    report_timing_summary {{-check_timing_verbose -no_detailed_paths -setup -hold -unique_pins
        -input_pins -report_unconstrained -no_header -append -return_string -warn_on_violation
        -datasheet} {-delay_type {max min min_max} -max_paths "" -nworst "" -path_type ""
        -slack_lesser_than "" -significant_digits "" -file "" -name "" -cells "" -rpx ""} 0 0
        {design}}
    get_timing_paths {{-setup -hold -unique_pins} {-from "" -to "" -through ""
        -delay_type {max min min_max max_rise max_fall min_rise min_fall} -max_paths "" -nworst ""
        -slack_lesser_than "" -group "" -filter ""} 0 0 {design}}
    write_checkpoint {{-force -logic_function_stripped -encrypt} {-cell "" -key ""} 1 1 {design}}

    ipx::package_project {{-import_files -force -force_update_compile_order -generated_files}
        {-root_dir "" -vendor "" -library "" -taxonomy "" -module "" -set_current {true false}} 0 0
        {add_files}}
    ipx::current_core {{} {} 0 1 {ipx::package_project}}
    ipx::get_bus_interfaces {{} {-of_objects ""} 0 1 {ipx::package_project}}
    ipx::infer_bus_interface {{} {} 3 3 {ipx::package_project}}
    ipx::associate_bus_interfaces {{-remove} {-busif "" -clock "" -reset ""} 1 1
        {ipx::package_project}}
    ipx::get_bus_parameters {{} {-of_objects ""} 0 1 {ipx::package_project}}
    ipx::add_bus_parameter {{} {} 2 2 {ipx::package_project}}
    ipx::create_xgui_files {{} {} 1 1 {ipx::package_project}}
    ipx::update_checksums {{} {} 1 1 {ipx::package_project}}
    ipx::check_integrity {{-kernel -xrt} {} 1 1 {ipx::package_project}}
    ipx::save_core {{} {} 1 1 {ipx::create_xgui_files ipx::update_checksums}}
    package_xo {{-force} {-xo_path "" -kernel_name "" -kernel_xml "" -output_kernel_xml ""
        -design_xml "" -ip_directory "" -parent_ip_directory "" -kernel_files ""
        -kernel_xml_args "" -kernel_xml_pipes "" -kernel_xml_connections ""
        -ctrl_protocol {user_managed ap_ctrl_hs ap_ctrl_chain ap_ctrl_none}} 0 0 {}}
}

namespace eval recorder {
    variable here $vivado_tests
    variable silent {current_project current_fileset get_property get_runs get_files
        get_timing_paths get_bd_cells get_bd_pins get_bd_intf_pins ipx::current_core
        ipx::get_bus_interfaces ipx::get_bus_parameters}
    # Settable properties: kind of object, name, what the value matches.
    variable properties {
        project {board_part {^[\w.-]+(:[\w.-]+){3}$} ip_repo_paths {^\S+$}
            source_mgmt_mode {^(None|DisplayOnly|All)$}}
        fileset {top {^[A-Za-z_]\w*$}}
        run {{STEPS.SYNTH_DESIGN.ARGS.MORE OPTIONS} {^-}}
        core {version {^\d+\.\d+$} name {^\w+$} display_name {.} description {.}
            ipi_drc {^ignore_freq_hz (true|false)$} sdx_kernel {^(true|false)$}
            sdx_kernel_type {^(rtl|hls)$}
            vitis_drc {^ctrl_protocol (user_managed|ap_ctrl_hs|ap_ctrl_chain)$}}
        parameter {value {.}}
    }
    # Parameters of buses in IP-XACT that the scripts may set, and their values.
    variable parameters {POLARITY {^ACTIVE_(LOW|HIGH)$} SENSITIVITY {^(LEVEL|EDGE)_\w+$}
        SUPPORTS_NARROW_BURST {^[01]$} ASSOCIATED_BUSIF {.} FREQ_HZ {^\d+$}}
    variable sources {}
    variable top ""
    variable interfaces {}
    # What the newest must be picked from; 1.10 of the KV260 is made up, to be sorted.
    variable boards {
        tul.com.tw:pynq-z2:part0:1.0 avnet.com:ultra96v2:part0:1.2 xilinx.com:kv260_som:part0:1.10
        xilinx.com:kv260_som:part0:1.3 xilinx.com:kv260_som:part0:1.4 xilinx.com:zcu102:part0:3.3
        xilinx.com:zcu102:part0:3.4 xilinx.com:zcu104:part0:1.1
    }
}

proc recorder::value {options name} {
    return [expr {[dict exists $options $name] ? [dict get $options $name] : ""}]
}

# --- projects and objects -------------------------------------------------------------------------

proc recorder::on_create_project {options {name project} {folder .}} {
    variable project [list $name $folder]
    check_part create_project [value $options -part]
    file mkdir $folder
    foreach variable {sources top interfaces} { variable $variable {} }
}
proc recorder::on_current_project {options {name ""}} { return project:current }
proc recorder::on_current_fileset {options {name ""}} { return fileset:sources_1 }
proc recorder::on_get_runs {options {name *}} {
    if {$name ni {synth_1 impl_1}} { error "get_runs: no run $name" }
    return run:$name
}
proc recorder::on_add_files {options files} {
    variable sources
    check_files add_files $files
    lappend sources {*}$files
}
proc recorder::on_get_board_parts {options {pattern *}} {
    variable boards
    return [lsearch -all -inline -glob $boards $pattern]
}

proc recorder::on_set_property {options args} {
    if {[dict exists $options -dict]} {
        lassign $args objects
        set pairs [dict get $options -dict]
    } elseif {[dict exists $options -name]} {
        set objects [value $options -objects]
        set pairs [list [dict get $options -name] [value $options -value]]
    } else {
        lassign $args name value objects
        set pairs [list $name $value]
    }
    if {![regexp {^(\w+):(.+)$} $objects all kind object]} {
        error "set_property: no object '$objects'"
    }
    foreach {name value} $pairs { set_one $kind $object $name $value }
}

proc recorder::set_one {kind object name value} {
    variable properties
    variable parameters
    variable top
    if {$kind eq "cell"} { return [configure_cell $object $name $value] }
    if {![dict exists $properties $kind $name]} {
        error "set_property: a $kind has no property '$name'"
    }
    set pattern [dict get $properties $kind $name]
    if {$kind eq "parameter"} { set pattern [dict get $parameters [lindex [split $object /] 1]] }
    if {![regexp $pattern $value]} { error "set_property: $name is '$value'" }
    if {$name eq "top"} { set top $value }
    if {$name eq "ip_repo_paths" && ![file isfile $value/component.xml]} {
        error "set_property: ip_repo_paths: no core in $value"
    }
}

proc recorder::on_get_property {options name object} {
    variable status
    switch -glob $object,$name {
        run:*,STATUS { return $status }
        path:*,SLACK { return [slack [string range $object 5 end]] }
    }
    error "get_property: '$object' has no property '$name'"
}

# --- synthesis, reports ---------------------------------------------------------------------------

proc recorder::on_read_verilog {options files} {
    variable sources
    check_files read_verilog $files
    lappend sources {*}$files
}
proc recorder::on_read_mem {options files} { check_files read_mem $files }
proc recorder::on_read_xdc {options files} { check_files read_xdc $files }

proc recorder::on_synth_design {options} {
    variable sources
    variable done
    check_part synth_design [value $options -part]
    if {[value $options -top] ni [lmap x $sources {file rootname [file tail $x]}]} {
        error "synth_design: no file has the top '[value $options -top]'"
    }
    lappend done design
}

proc recorder::slack {kind} {
    if {[info exists ::env(STAND_IN_SLACK)] && $kind ne "min"} { return $::env(STAND_IN_SLACK) }
    return [expr {$kind eq "min" ? 0.031 : 0.412}]
}
proc recorder::write {path text} {
    if {![file isdirectory [file dirname $path]]} { error "[file dirname $path] does not exist" }
    set file [open $path w]
    ::recorder::print -nonewline $file $text
    close $file
}
proc recorder::copy_report {kind options} {
    variable here
    if {![dict exists $options -file]} return
    set file [open [file join $here vivado_$kind.rpt]]
    write [dict get $options -file] [string map [list 0.412 [slack max]] [read $file]]
    close $file
}
proc recorder::on_report_utilization {options} { copy_report utilization $options }
proc recorder::on_report_timing_summary {options} { copy_report timing $options }
proc recorder::on_get_timing_paths {options} { return path:[value $options -delay_type] }
proc recorder::on_write_checkpoint {options path} { write $path "" }

# --- IP core, kernel ------------------------------------------------------------------------------

# Interfaces as the packager finds them: buses by the names of their ports, clock and reset by their
# endings. Tops in SystemVerilog are refused, which UG1118 says are not supported.
proc recorder::on_ipx_package_project {options} {
    variable sources
    variable top
    variable interfaces
    set file [lsearch -inline -glob $sources */$top.v]
    if {$top eq "" || $file eq ""} { error "ipx::package_project: no Verilog top '$top'" }
    set input [open $file]
    foreach line [split [read $input] \n] {
        set pattern {^\s+(input|output)\s+wire\s+(\[\d+:0\]\s+)?(\w+)}
        if {![regexp $pattern $line all way bits port]} continue
        if {[regexp {^([sm]_axi_\w+)_(aw|w|b|ar|r)(valid|ready)$} $port all bus]} {
            dict set interfaces $bus {}
        } elseif {[regexp {(clk|rst_n)$} $port]} {
            dict set interfaces $port {}
        }
    }
    close $input
    set folder [value $options -root_dir]
    file mkdir $folder
    write $folder/component.xml $top
}
proc recorder::on_ipx_current_core {options args} { return core:current }
proc recorder::on_ipx_get_bus_interfaces {options {name *}} {
    variable interfaces
    if {[value $options -of_objects] ne "core:current"} {
        error "ipx::get_bus_interfaces: -of_objects is no core"
    }
    return [lmap x [dict keys $interfaces $name] {string cat interface: $x}]
}
proc recorder::on_ipx_infer_bus_interface {options port kind core} {
    variable interfaces
    if {![regexp {^xilinx.com:signal:(clock|reset|interrupt)_rtl:1.0$} $kind]} {
        error "ipx::infer_bus_interface: unknown interface $kind"
    }
    dict set interfaces $port {}
}
proc recorder::on_ipx_associate_bus_interfaces {options core} {
    variable interfaces
    dict for {option name} $options {
        if {![dict exists $interfaces $name]} {
            error "ipx::associate_bus_interfaces: $option $name is no interface"
        }
    }
}
proc recorder::on_ipx_get_bus_parameters {options {name *}} {
    variable interfaces
    set interface [string range [value $options -of_objects] 10 end]
    if {![dict exists $interfaces $interface $name]} return
    return parameter:$interface/$name
}
proc recorder::on_ipx_add_bus_parameter {options name object} {
    variable interfaces
    variable parameters
    if {![string match interface:* $object]} { error "ipx::add_bus_parameter: no interface" }
    if {![dict exists $parameters $name]} { error "ipx::add_bus_parameter: unknown $name" }
    set interface [string range $object 10 end]
    dict set interfaces $interface $name ""
    return parameter:$interface/$name
}
proc recorder::on_package_xo {options} {
    foreach option {-xo_path -kernel_name -ip_directory} {
        if {![dict exists $options $option]} { error "package_xo: $option is missing" }
    }
    if {![file isfile [value $options -ip_directory]/component.xml]} {
        error "package_xo: no core in [value $options -ip_directory]"
    }
    check_files package_xo [value $options -kernel_xml]
    write [value $options -xo_path] [value $options -kernel_name]
}

source [file join $vivado_tests vivado_design.tcl]
