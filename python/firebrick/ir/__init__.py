# SPDX-License-Identifier: Apache-2.0
"""Intermediate representations: the float graph and the integer network."""
