# SPDX-License-Identifier: Apache-2.0
# What the other scripts of this folder share. Each runs in a work folder that `firebrick synth`
# makes, beside settings.tcl, which sets:
#
#   top                name of the module, and of the kernel
#   part               device, package and speed grade
#   clock              frequency of the clock in MHz
#   sources            SystemVerilog files in the order of compilation
#   packaged           the same with the top in Verilog: the IP packager takes no other
#   memories           files that $readmemh reads
#   format             what to package: ip, or xo for a kernel of a card as well
#   xo                 the kernel to write
#   board_part         what Vivado knows the board by, a pattern; or empty
#   processing_system  IP of the board's processing system; or empty
#   steps              which of route, ip, bitstream, link to run beside synthesis

# Runs a procedure and ends. Without `exit` the tool would wait for commands, and its status would
# say nothing of what failed.
proc finish {body} {
    if {[catch $body message]} {
        puts stderr "ERROR: $message"
        exit 1
    }
    exit 0
}

# Vivado only warns of a missing memory file, and goes on with a network of zeros.
proc be_strict {} {
    set_msg_config -id {Synth 8-4445} -new_severity ERROR
}

proc write_reports {stage} {
    file mkdir reports
    report_utilization -file reports/${stage}_utilization.rpt
    report_timing_summary -file reports/${stage}_timing.rpt
}
