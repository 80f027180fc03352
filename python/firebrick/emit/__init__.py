# SPDX-License-Identifier: Apache-2.0
"""Printing a planned network: structural SystemVerilog, memory images, manifest."""
