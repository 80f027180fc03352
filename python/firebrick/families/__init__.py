# SPDX-License-Identifier: Apache-2.0
"""Families of networks as graphs, whoever gives the weights."""
