# SPDX-License-Identifier: Apache-2.0
"""The schedule of rows: what each instance does with them, and when."""
