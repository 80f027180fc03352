# SPDX-License-Identifier: Apache-2.0
"""What every engine is made of: tensors, streams, memories, row timing, and counts of a device."""
