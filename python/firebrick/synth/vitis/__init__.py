# SPDX-License-Identifier: Apache-2.0
"""Linking the kernel for an Alveo card with v++."""
