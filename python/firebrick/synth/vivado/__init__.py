# SPDX-License-Identifier: Apache-2.0
"""Synthesis, IP cores and block designs."""
