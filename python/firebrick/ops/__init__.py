# SPDX-License-Identifier: Apache-2.0
"""Operators: one file each, what it computes and how its hardware is parameterised."""
