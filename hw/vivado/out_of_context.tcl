# SPDX-License-Identifier: Apache-2.0
# For a project of Vivado, such as FuseSoC makes one: the kernel is synthesized out of context,
# without buffers at its ports.
set_property -name {STEPS.SYNTH_DESIGN.ARGS.MORE OPTIONS} -value {-mode out_of_context} \
    -objects [get_runs synth_1]
