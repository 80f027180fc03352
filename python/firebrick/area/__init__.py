# SPDX-License-Identifier: Apache-2.0
"""What hardware costs: LUTs, flip-flops, DSP slices and memory blocks of each module."""
