# SPDX-License-Identifier: Apache-2.0
"""Pruning what a trained network does without, from images without labels and without training."""
