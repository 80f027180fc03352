# SPDX-License-Identifier: Apache-2.0
"""The integer ONNX file: written, and read back."""
