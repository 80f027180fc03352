# SPDX-License-Identifier: Apache-2.0
"""Planning: how many lanes and columns each engine gets, and what follows from that."""
