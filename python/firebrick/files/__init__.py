# SPDX-License-Identifier: Apache-2.0
"""What is written to disk: outputs, scratch, and what is kept."""
