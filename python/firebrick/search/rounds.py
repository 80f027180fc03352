# SPDX-License-Identifier: Apache-2.0
"""Foldings of all convolutions: the fastest within a goal's limits, or the smallest fast enough.

`targets.Search` proposes foldings by estimates. Their engines are made, and the exact cycles and
resources correct the estimates until both agree.
"""

from __future__ import annotations

import math
from dataclasses import replace

from firebrick.errors import CheckFailed, FirebrickError
from firebrick.ir.network import Network
from firebrick.ops.folding import Folding
from firebrick.plan.complete import complete
from firebrick.plan.engines import derive
from firebrick.plan.plan import ONCHIP_LIMIT, Plan
from firebrick.progress import Progress
from firebrick.search.goal import Goal
from firebrick.search.targets import Search, take_turns
from firebrick.search.work import works

TRUST = 1.003
"""Exact over estimated cycles that needs no correction."""
ROUNDS = 8
"""Corrections of the estimate by exact figures, at most."""


def balance(
    network: Network,
    goal: Goal,
    *,
    store_zeros: bool = False,
    tight: bool = False,
    progress: Progress | None = None,
) -> Plan:
    """Find the plan that a goal asks for.

    Args:
        network: quantized network.
        goal: what to look for.
        store_zeros: store and multiply zeros too (for comparison).
        tight: save row memory at the cost of speed; tried by itself where nothing else fits.
        progress: told how far the search is.

    Raises:
        CheckFailed: nothing meets the goal; says which limit, and the nearest plan.
        FirebrickError: nothing in the network is to be planned.
    """
    layers = works(network, store_zeros)
    if not layers:
        raise FirebrickError(f"network {network.name!r}: layers have no convolution among them")
    if tight:
        take_turns(layers)
    search = Search(network, goal, layers)
    best: Plan | None = None
    nearest: Plan | None = None
    before: dict[str, Folding] = {}
    bound, around = 0.0, None
    for attempt in range(ROUNDS):
        if progress:
            progress("balancing", attempt / ROUNDS)
        low, target, answer = search.propose(around)
        if not answer.chosen:
            break
        foldings = {n: x.folding for n, x in answer.chosen.items()}
        if foldings == before and answer.fits:
            break  # its figures are known
        before = foldings
        derived = derive(network, foldings, search.deals)
        exact = {n: sum(x.timing().cycles) for n, x in derived.engines.items()}
        plan = complete(network, foldings, derived, goal.board)
        taken = search.taken
        guessed = goal.board is not None and goal.max_cycles is None and not any(taken)
        search.learn(answer, plan, exact)
        around, bound = None if guessed else target, low
        nearest = plan
        if not answer.fits and not guessed:
            if not plan.fits or search.taken == taken:
                break
            # The correction was too large: other operators take more in faster plans.
            search.taken = tuple((a + b) // 2 for a, b in zip(search.taken, taken, strict=True))
            around = None
        if _meets(plan, goal) and (best is None or _rank(plan, goal) < _rank(best, goal)):
            best = plan
        agreed = search.slowest(exact) <= TRUST * target
        if answer.fits and _meets(plan, goal) and agreed and not guessed:
            break
    if progress:
        progress("balancing", 1.0)
    if best is None:
        return _otherwise(network, goal, nearest, store_zeros, tight)
    return replace(best, bound_cycles=min(best.cycles_per_frame, math.ceil(bound)))


def _otherwise(
    network: Network, goal: Goal, nearest: Plan | None, store_zeros: bool, tight: bool
) -> Plan:
    """Where nothing fits a board: a tight design, or the news of what is lacking.

    Raises:
        CheckFailed: that does not fit either.
    """
    if goal.board and not tight:
        try:
            return balance(network, goal, store_zeros=store_zeros, tight=True)
        except CheckFailed:
            pass  # the plan that is not tight says what is lacking
    raise CheckFailed(refusal(goal, nearest) + _without_haste(network, goal, store_zeros))


def _meets(plan: Plan, goal: Goal) -> bool:
    fast = goal.max_cycles is None or plan.cycles_per_frame <= goal.max_cycles
    few = goal.multipliers is None or plan.multipliers <= goal.multipliers
    return fast and few and plan.fits


def _rank(plan: Plan, goal: Goal) -> tuple[float, float]:
    """Order of plans that meet the goal, the best first."""
    if goal.max_cycles is None:
        return plan.cycles_per_frame, plan.multipliers
    if goal.board:
        return plan.resources.lut, plan.cycles_per_frame
    return plan.multipliers * plan.cycles_per_frame, plan.multipliers


def refusal(goal: Goal, nearest: Plan | None) -> str:
    """What is needed, what there is, and the nearest plan that was looked at."""
    if nearest is None:
        return f"plan: max_cycles={goal.max_cycles} is fewer than any folding takes"
    found = f"nearest plan: {nearest.multipliers} multipliers, {nearest.cycles_per_frame} cycles"
    exceeded = [
        f"{name}={needed} exceeds {available} available on {nearest.board}"
        for name, (needed, available) in nearest.excess.items()
    ]
    if goal.multipliers is not None and nearest.multipliers > goal.multipliers:
        exceeded.append(f"multipliers={nearest.multipliers} exceeds {goal.multipliers} allowed")
    if goal.max_cycles is not None and nearest.cycles_per_frame > goal.max_cycles:
        exceeded.append(f"cycles={nearest.cycles_per_frame} exceeds {goal.max_cycles} asked for")
    total = nearest.onchip_bytes["total"]
    if total > ONCHIP_LIMIT:
        exceeded.append(f"onchip_bytes={total} exceeds {ONCHIP_LIMIT} available")
    return f"plan: {', '.join(exceeded) or 'nothing fits'}; {found}"


def _without_haste(network: Network, goal: Goal, store_zeros: bool) -> str:
    """Where a number of cycles was asked for that does not fit: the fastest plan that does."""
    if goal.max_cycles is None or (goal.board is None and goal.multipliers is None):
        return ""
    try:
        plan = balance(network, replace(goal, max_cycles=None), store_zeros=store_zeros)
    except CheckFailed:
        return ", and none fits at any speed"
    return f"; the fastest that fits takes {plan.cycles_per_frame} cycles"
