# SPDX-License-Identifier: Apache-2.0
"""Counting resources with Yosys, each module by itself."""
