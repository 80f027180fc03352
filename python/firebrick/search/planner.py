# SPDX-License-Identifier: Apache-2.0
"""From a network and a goal to a plan."""

from __future__ import annotations

from firebrick.ir.network import Network
from firebrick.plan.plan import Plan
from firebrick.progress import Progress
from firebrick.search.goal import FAST_SIMULATION, Goal
from firebrick.search.rounds import balance


def default(network: Network, *, progress: Progress | None = None) -> Plan:
    """The plan that simulates fast."""
    return plan(network, Goal(multipliers=FAST_SIMULATION), progress=progress)


def plan(
    network: Network,
    goal: Goal,
    *,
    store_zeros: bool = False,
    progress: Progress | None = None,
) -> Plan:
    """Choose the folding of every engine, and predict what it gives.

    Args:
        network: quantized network.
        goal: the limits.
        store_zeros: store and multiply pruned zeros, to see what sparsity buys.
        progress: told what is being done and the share done.

    Raises:
        CheckFailed: nothing meets the goal; says which limit, and the nearest plan.
    """
    return balance(network, goal, store_zeros=store_zeros, progress=progress)
