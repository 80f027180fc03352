# SPDX-License-Identifier: Apache-2.0
"""From any ONNX classifier whose operators are known to a float graph, or to all that stops it."""
