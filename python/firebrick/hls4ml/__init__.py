# SPDX-License-Identifier: Apache-2.0
"""Firebrick's operators as layers of hls4ml, and whole networks as hls4ml projects.

Nothing is imported here: hls4ml is an optional package, and it imports `plugin` while it is being
imported itself.
"""
