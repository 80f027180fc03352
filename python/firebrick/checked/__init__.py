# SPDX-License-Identifier: Apache-2.0
"""Reading JSON and TOML that nobody vouches for: bounded first, then checked field by field."""
