# SPDX-License-Identifier: Apache-2.0
"""A planned network as C++ for high-level synthesis."""
