# SPDX-License-Identifier: Apache-2.0
"""Foldings of all convolutions: the fastest within a goal's limits, or the smallest fast enough.

For a target of cycles a frame an integer program (`solve`) picks among the foldings that meet it,
and says how full that makes the device; so the least target is found. The engines of the plan are
then made, and their exact cycles and resources correct the estimates until both agree.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from firebrick.area.resources import Resources
from firebrick.errors import CheckFailed
from firebrick.ir.network import Network
from firebrick.plan.complete import complete
from firebrick.plan.engines import ConvChoice, Owners, derive
from firebrick.plan.folding import Folding, foldings
from firebrick.plan.goal import Goal
from firebrick.plan.links import joins, tables, with_image
from firebrick.plan.plan import ONCHIP_LIMIT, Plan
from firebrick.plan.solve import Answer, columns_of, fewest_multipliers, solve
from firebrick.plan.work import Work, works
from firebrick.progress import Progress

TRUST = 1.003
"""Exact over estimated cycles that needs no correction."""
ROUNDS = 8
"""Corrections of the estimate by exact figures, at most."""
PRECISION = 3e-3
"""Relative, of a board's target; finer than the program's own gap makes no sense."""
FINE_PRECISION = 4e-4
"""The same where layers do not depend on each other, and the program is exact."""
ATTEMPTS = 14
"""Targets tried for a proposal, at most; without a board, where they cost little, four times."""
SURE = 0.96
"""Share of a budget of LUTs and flip-flops that estimates may fill: they are a few percent off."""
FEW_LANES = 1.01
"""Cycles that preferring few lanes may cost where no device is asked for."""
HOPELESS = 12
"""Times the first target beyond which slower designs are not smaller either."""
SLOWEST = 1e12
"""Cycles a frame that any folding meets."""


@dataclass(slots=True)
class Search:
    """The programs of one network and goal.

    Attributes:
        network: the network.
        goal: limits.
        layers: its convolutions.
        taken: resources that the estimate leaves out: other operators, and its own errors.
        owners: weights dealt to lanes so far.
        margin: engines' cycles over the pipeline's, where engines wait for each other's rows.
    """

    network: Network
    goal: Goal
    layers: Mapping[str, Work]
    taken: tuple[int, ...] = (0,) * len(Resources().counts)
    owners: Owners = field(default_factory=dict)
    margin: float = 1.0

    @property
    def budget(self) -> Resources | None:
        """What is left for convolutions and their gearboxes; None without a board."""
        if self.goal.board is None:
            return None
        budget = self.goal.board.budget()
        sure = replace(budget, lut=int(budget.lut * SURE), ff=int(budget.ff * SURE))
        return Resources(*(max(0, b - t) for b, t in zip(sure.counts, self.taken, strict=True)))

    def attempt(
        self, target: float, *, few_lanes: bool = False, multipliers: int | None = None
    ) -> Answer:
        """Foldings that meet a target, within the limits if possible.

        Args:
            target: cycles a frame.
            few_lanes: without a device, prefer few lanes to few multipliers.
            multipliers: a limit instead of the goal's.
        """
        board, budget = self.goal.board, self.budget
        family = board.family if board else None
        limit = multipliers or self.goal.multipliers
        whole = board.budget() if board else None
        options = {n: foldings(x, target, family, whole) for n, x in self.layers.items()}
        if family is None or budget is None:
            return fewest_multipliers(options, limit, few_lanes=few_lanes)
        options = {n: with_image(self.network, n, x, target, family) for n, x in options.items()}
        gears = tables(joins(self.network), columns_of(options), target, family)
        return solve(options, budget, limit, gears)

    def fastest(
        self, low: float, high: float, multipliers: int | None = None
    ) -> tuple[float, float, Answer]:
        """Proven bound, least target whose foldings fit, and they.

        What foldings take is about inversely proportional to the target, which leads there faster
        than halving intervals.

        Args:
            low: target not to go below.
            high: target to start from; it is raised until something fits.
            multipliers: a limit instead of the goal's.
        """
        bound, target = 0.0, high
        best: tuple[float, Answer] | None = None
        worst, first = low, SLOWEST  # the first target that any foldings meet
        precision = PRECISION if self.goal.board else FINE_PRECISION
        for number in range(ATTEMPTS if self.goal.board else 4 * ATTEMPTS):
            answer = self.attempt(target, multipliers=multipliers)
            if answer.fits:
                best = (max(x.cycles for x in answer.foldings.values()), answer)
            else:
                worst = target
                bound = max(bound, target if answer.impossible else 0.0)
            if answer.foldings:
                first = min(first, target)
            high = best[0] if best else SLOWEST
            hopeless = self.goal.board and best is None and worst > HOPELESS * first
            if high - worst <= precision * high or hopeless:
                break
            step = min(max(answer.share, 0.5), 2.0) if answer.foldings else 4.0
            if best is None:
                # Some designs hardly shrink for a while: longer and longer steps past them.
                step = max(step, 1 + PRECISION * 2**number)
            target = target * step * (0.998 if answer.fits else 1.001)
            if not worst < target < high:
                target = (worst + high) / 2 if best else 1.3 * worst
        return bound, *(best or (target, answer))

    def propose(self, around: float | None) -> tuple[float, float, Answer]:
        """Bound, target and foldings that the estimates promise to fit, if any do.

        Args:
            around: target of the proposal before, near which the next one lies.
        """
        board, multipliers, most = self.goal.board, None, None
        if self.goal.max_cycles is not None:
            most = self.goal.max_cycles * self.margin
            answer = self.attempt(most)
            if not answer.fits or board:
                return 0.0, most, answer
            multipliers = sum(x.choice.multipliers for x in answer.foldings.values())
            low, high = 0.8 * most, most
        elif around is None:
            if board and not any(self.taken):
                # Whatever comes nearest there, to learn what the rest of a pipeline takes.
                guess = self.first_guess()
                answer = self.attempt(guess)
                while not answer.foldings and guess < SLOWEST:
                    guess *= 2
                    answer = self.attempt(guess)
                return 0.0, guess, answer
            low, high = 0.0, self.first_guess()
        else:
            low, high = 0.9 * around, around
        bound, target, answer = self.fastest(low, high, multipliers)
        if answer.fits and not board:
            # Few lanes are worth a little: less logic, faster simulation.
            relaxed = min(target * FEW_LANES, most or SLOWEST)
            better = self.attempt(relaxed, few_lanes=True, multipliers=multipliers)
            answer = better if better.fits else answer
        return bound, target, answer

    def first_guess(self) -> float:
        """Cycles with which all limits would be met if nothing were ever idle, and then some."""
        work = sum(x.loads for x in self.layers.values())
        most = [x for x in (self.goal.multipliers,) if x is not None]
        if self.budget:
            most += [2 * self.budget.dsp, self.budget.lut // 40]
        return max(1.0, 1.2 * work / max(1, min(most)))

    def learn(self, answer: Answer, plan: Plan, exact: Mapping[str, int]) -> None:
        """Correct the estimates by the engines of a plan."""
        for name, folding in answer.foldings.items():
            choice = folding.choice
            self.layers[name].learn(choice.lanes, choice.columns, choice.gap_bits, exact[name])
        slowest = max(x / self.layers[name].share for name, x in exact.items())
        self.margin = min(self.margin, slowest / plan.cycles_per_frame)
        if self.goal.board:
            estimated = self.estimated(answer.foldings)
            actual = plan.resources.counts
            self.taken = tuple(a - e for a, e in zip(actual, estimated, strict=True))

    def estimated(self, chosen: Mapping[str, Folding]) -> tuple[int, ...]:
        """Resources of convolutions and gearboxes as the program saw them."""
        board = self.goal.board
        total = sum((x.resources for x in chosen.values()), Resources())
        if board:
            for join in joins(self.network):
                before, after = chosen[join.source].choice, chosen[join.reader].choice
                slowest = max(x.cycles for x in chosen.values())
                luts = join.luts(before.columns, after.columns, slowest, board.family)
                total += Resources(lut=luts)
        return total.counts


TURN = 0.3
"""Share of the time that a squeeze works in a tight design, while the layer before it waits."""


def take_turns(layers: Mapping[str, Work]) -> None:
    """Halve the row memory of pointwise convolutions, most of all: they hold one row, not two.

    The layer before such a squeeze then waits while the squeeze works. As squeezes have little
    work, they are made fast, and the others slower.
    """
    for work in layers.values():
        work.tight = work.operator.kernel == 1
        work.share = TURN if work.tight else 1 - TURN


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
    """
    layers = works(network, store_zeros)
    if tight:
        take_turns(layers)
    search = Search(network, goal, layers)
    best: Plan | None = None
    nearest: Plan | None = None
    before: dict[str, ConvChoice] = {}
    bound, around = 0.0, None
    for attempt in range(ROUNDS):
        if progress:
            progress("balancing", attempt / ROUNDS)
        low, target, answer = search.propose(around)
        if not answer.foldings:
            break
        choices = {n: x.choice for n, x in answer.foldings.items()}
        if choices == before and answer.fits:
            break  # its figures are known
        before = choices
        derived = derive(network, choices, search.owners)
        exact = {n: sum(x.timing().cycles) for n, x in derived.engines.items()}
        plan = complete(network, choices, derived, goal.board)
        taken = search.taken
        search.learn(answer, plan, exact)
        around, bound = target, low
        nearest = plan
        if not answer.fits:
            if not any(taken) and goal.max_cycles is None:
                around = None
                continue  # so far a guess
            if not plan.fits or search.taken == taken:
                break
            # The correction was too large: other operators take more in faster plans.
            search.taken = tuple((a + b) // 2 for a, b in zip(search.taken, taken, strict=True))
            around = None
        if _meets(plan, goal) and (best is None or _rank(plan, goal) < _rank(best, goal)):
            best = plan
        slowest = max(x / layers[name].share for name, x in exact.items())
        if answer.fits and _meets(plan, goal) and slowest <= TRUST * target:
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
