# SPDX-License-Identifier: Apache-2.0
# A generated folder in Vitis HLS, up to 2024.1: `vitis_hls -f build.tcl`. The project appears in
# the current folder. Later releases have no vitis_hls: see hls_config.cfg there.
#
# settings.tcl beside this file, written by `firebrick synth --tool vitis_hls`, sets:
#
#   top      name of the top function
#   sources  C++ files of the design
#   bench    C++ files of the bench, which calls the top and returns 0 if every value is right
#   cflags   options of the compiler for all of them
#   part     device, package and speed grade
#   clock    frequency of the clock in MHz
#   flow     vivado: an IP core. vitis: a kernel for an Alveo card
#   format   of what is exported: ip_catalog or xo
#   export   name of the exported file
#   steps    which of csim, cosim and export to run beside csynth

proc build {} {
    source [file join [file dirname [info script]] settings.tcl]

    open_project -reset project
    set_top $top
    foreach file $sources { add_files $file -cflags $cflags }
    foreach file $bench { add_files -tb $file -cflags $cflags }

    open_solution -reset -flow_target $flow solution
    set_part $part
    create_clock -period ${clock}MHz -name default

    # Compiled for debugging, a frame of a network takes hours.
    if {"csim" in $steps} { csim_design -O }
    csynth_design
    if {"cosim" in $steps} { cosim_design -O -rtl verilog }
    if {"export" in $steps} { export_design -format $format -output $export }
}

# Without `exit` the tool waits for commands, and its status says nothing of what failed.
if {[catch build message]} {
    puts stderr "build.tcl: $message"
    exit 1
}
exit 0
