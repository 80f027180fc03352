# SPDX-License-Identifier: Apache-2.0
"""`.fbz`, the compressed form of a quantized network: NumPy and the standard library read it."""
