# SPDX-License-Identifier: Apache-2.0
"""Firebrick: a trained SqueezeNet in, a streaming FPGA accelerator and its proof out."""

__version__ = "0.1.0"
