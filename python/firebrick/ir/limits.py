# SPDX-License-Identifier: Apache-2.0
"""Bounds of a float graph and of a quantized network, against hostile files."""

MAX_VALUES = 1 << 24
"""Largest number of values in a tensor (weights or one frame): a bound against hostile files."""
MAX_FRAME = 1 << 26
"""Most values of one frame in all tensors together, those that hardware computes."""
MAX_WEIGHTS = 1 << 24
"""Most numbers of all layers together: a fourth of what fits on chip is 2 to 8 bits of each."""
MAX_LAYERS = 4096
"""Most layers of a graph."""
MAX_NAME = 200
"""Longest name of a model, characters."""
MAX_LABEL = 1000
"""Longest name of a class, characters."""
MAX_LABELS = 1 << 16
"""Most classes."""
