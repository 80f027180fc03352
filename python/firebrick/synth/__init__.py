# SPDX-License-Identifier: Apache-2.0
"""What synthesis makes of the generated RTL: counts of LUTs, flip-flops, DSP slices, memories."""
