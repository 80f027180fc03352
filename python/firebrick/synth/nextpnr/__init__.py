# SPDX-License-Identifier: Apache-2.0
"""The open flow: Yosys and nextpnr make an ECP5 bitstream."""
