# SPDX-License-Identifier: Apache-2.0
"""High-level synthesis of the generated C++."""
