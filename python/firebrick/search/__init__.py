# SPDX-License-Identifier: Apache-2.0
"""How a plan is found: the only part that knows the solver."""
