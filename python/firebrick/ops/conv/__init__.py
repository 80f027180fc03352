# SPDX-License-Identifier: Apache-2.0
"""`conv` whole: what is computed, its folding, how weights are stored, its timing and its area."""
