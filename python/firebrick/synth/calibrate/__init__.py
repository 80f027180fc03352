# SPDX-License-Identifier: Apache-2.0
"""Fitting the area model to what Yosys counts."""
