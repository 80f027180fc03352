# SPDX-License-Identifier: Apache-2.0
"""Engines that run a quantized network, and their comparison value by value."""
