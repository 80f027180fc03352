# SPDX-License-Identifier: Apache-2.0
# Runs a script of a vendor's tool without the tool: each call is checked and noted, and little else
# happens. Rejected are unknown commands and options, wrong numbers of arguments, files and folders
# that do not exist, and calls before what they need. `recorder::learn` takes a table of commands;
# `recorder::run FILE` returns what happened, a line each.
#
# A command in a table: options without a value; options with one, and what it may be ("" is
# anything); fewest and most arguments; what must have been done before. A procedure `on_<command>`
# beside it checks more, and returns what the command returns; "::" in a name is "_" there.

namespace eval recorder {
    variable known {}
    variable lines {}
    variable done {}
    # Commands that only look: not noted.
    variable silent {}
}

proc recorder::learn {table} {
    variable known
    foreach name [dict keys $table] {
        if {[string match *::* $name]} { namespace eval [namespace qualifiers ::$name] {} }
        interp alias {} ::$name {} recorder::call $name
    }
    set known [dict merge $known $table]
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
                error "$name: $word is '$value', not one of [join $allowed]"
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
    variable silent
    lassign [parse $name $args] options arguments
    foreach before [lindex [dict get $known $name] 4] {
        if {$before ni $done} { error "$name: wants $before before it" }
    }
    set hook on_[string map {:: _} $name]
    set result ""
    if {[info procs $hook] ne ""} { set result [$hook $options {*}$arguments] }
    lappend done $name
    if {$name ni $silent} { lappend lines "call [list $name {*}$args]" }
    return $result
}

proc recorder::check_files {name files} {
    foreach file $files {
        if {![file isfile $file]} { error "$name: $file does not exist" }
    }
}

proc recorder::check_part {name part} {
    if {![regexp {^xc[a-z0-9]+(-[a-zA-Z0-9]+)+$} $part]} { error "$name: '$part' is no part" }
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

proc unknown {name args} { error "unknown command $name" }
proc exit {{status 0}} { return -code error -errorcode [list RECORDER $status] "exit $status" }
rename puts recorder::print
proc puts {args} {
    lappend recorder::lines "said [lindex $args end]"
    return ""
}
