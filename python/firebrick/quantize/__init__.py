# SPDX-License-Identifier: Apache-2.0
"""From the float graph to integers, and the integer ONNX file."""

from firebrick.quantize.options import QuantizeOptions, Scheme
from firebrick.quantize.quality import sqnr_db, statistics
from firebrick.quantize.quantizer import quantize

__all__ = ["QuantizeOptions", "Scheme", "quantize", "sqnr_db", "statistics"]
