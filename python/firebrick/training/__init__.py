# SPDX-License-Identifier: Apache-2.0
"""Training networks, pruning and tuning them until the integers are right. Needs PyTorch."""
