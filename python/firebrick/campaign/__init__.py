# SPDX-License-Identifier: Apache-2.0
"""Trials of the shell and its driver under faults and stalls, and whole networks behind both."""
