# SPDX-License-Identifier: Apache-2.0
"""From the float graph to integers, and the integer ONNX file."""
