# SPDX-License-Identifier: Apache-2.0
"""Float weights to codes."""
