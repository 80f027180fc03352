# SPDX-License-Identifier: Apache-2.0
"""The photograph that comes with a bundle, where no other is asked for."""

SAMPLE = "chelsea"
CREDITS = {SAMPLE: "Chelsea the cat, by Stefan van der Walt, CC0"}
"""Samples whose licence lets anyone pass them on."""
