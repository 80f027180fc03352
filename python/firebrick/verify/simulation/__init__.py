# SPDX-License-Identifier: Apache-2.0
"""Compiling and running the hardware in Verilator, with a source and a monitor a stream."""
