# SPDX-License-Identifier: Apache-2.0
"""A board that nothing fits."""

TINY = """
title = "Tiny"
part = "xc7tiny-1"
dsp_kind = "DSP48E1"
assumed_clock_mhz = 50
memory_interface = "none"
device = {dsp = 2, lut = 100, lutram = 10, ff = 200, bram36 = 1, uram = 0}
sources = {dsp = "-", lut = "-", lutram = "-", ff = "-", bram36 = "-", uram = "-"}
"""
