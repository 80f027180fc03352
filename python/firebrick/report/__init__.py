# SPDX-License-Identifier: Apache-2.0
"""Measured results: every figure that the documentation states, from one command."""
