# SPDX-License-Identifier: Apache-2.0
"""Writing a bundle: everything that a board, or a simulation, needs to classify photographs."""
