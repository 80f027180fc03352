# SPDX-License-Identifier: Apache-2.0
"""Planning: foldings, orders, schedule, memory, and the pipeline that hardware is printed from."""
