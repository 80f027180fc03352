# SPDX-License-Identifier: Apache-2.0
"""How often models are right, on images of known classes."""
