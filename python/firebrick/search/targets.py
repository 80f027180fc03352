# SPDX-License-Identifier: Apache-2.0
"""Proposals: foldings that, by estimates, are the fastest within a goal's limits.

For a target of cycles a frame an integer program (`solve`) picks among the foldings that meet it,
and says how full that makes the device; so the least target is found. What exact engines and
resources show of a proposal (`learn`) corrects the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from firebrick.hardware.resources import Family, Resources
from firebrick.ir.network import Network
from firebrick.plan.engines import Deals
from firebrick.plan.plan import Plan
from firebrick.search.candidates import Candidate, candidates
from firebrick.search.gearboxes import Join, joins, tables, with_image
from firebrick.search.goal import Goal
from firebrick.search.program import Answer, columns_of, fewest_multipliers, solve
from firebrick.search.work import Work

PRECISION = 3e-3
"""Relative, of a board's target; finer than the program's own gap makes no sense."""
FINE_PRECISION = 4e-4
"""The same where layers do not depend on each other, and the program is exact."""
ATTEMPTS = 14
"""Targets tried for a proposal, at most; without a board, where they cost little, four times."""
SURE = 0.98
"""Share of a budget of LUTs and flip-flops that estimates may fill: they are a few percent off."""
FEW_LANES = 1.01
"""Cycles that preferring few lanes may cost where no device is asked for."""
HOPELESS = 12
"""Times the first target beyond which slower designs are not smaller either."""
SLOWEST = 1e12
"""Cycles a frame that any folding meets."""
TURN = 0.3
"""Share of the time that a squeeze works in a tight design, while the layer before it waits."""


@dataclass(slots=True)
class Search:
    """The programs of one network and goal.

    Attributes:
        network: the network.
        goal: limits.
        layers: its convolutions.
        taken: resources that the estimate leaves out: other operators, and its own errors.
        deals: weights dealt to lanes so far.
        joins: neighbours whose columns meet.
        margin: engines' cycles over the pipeline's, where engines wait for each other's rows.
    """

    network: Network
    goal: Goal
    layers: Mapping[str, Work]
    taken: tuple[int, ...] = (0,) * len(Resources().counts)
    deals: Deals = field(default_factory=Deals)
    margin: float = 1.0
    joins: Sequence[Join] = field(init=False)

    def __post_init__(self) -> None:
        """Find the neighbours once."""
        self.joins = joins(self.network)

    def slowest(self, exact: Mapping[str, int]) -> float:
        """Cycles a frame that engines need, each at work for its share of them."""
        return max(x / self.layers[name].share for name, x in exact.items())

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
        options = {n: candidates(x, target, family, whole) for n, x in self.layers.items()}
        if family is None or budget is None:
            return fewest_multipliers(options, limit, few_lanes=few_lanes)
        options = {n: with_image(self.network, n, x, target, family) for n, x in options.items()}
        gears = tables(self.joins, columns_of(options), target, family)
        return solve(options, budget, limit, gears)

    def fastest(
        self, low: float, high: float, multipliers: int | None = None
    ) -> tuple[float, float, Answer]:
        """Proven bound, least target whose foldings fit, and they.

        What foldings take is about inversely proportional to the target, which leads there faster
        than halving intervals; these are halved where it leads there in small steps from one side.

        Args:
            low: target not to go below.
            high: target to start from; it is raised until something fits.
            multipliers: a limit instead of the goal's.
        """
        bound, target = 0.0, high
        best: tuple[float, Answer] | None = None
        worst, first = low, SLOWEST  # the first target that any foldings meet
        before = None
        precision = PRECISION if self.goal.board else FINE_PRECISION
        for number in range(ATTEMPTS if self.goal.board else 4 * ATTEMPTS):
            answer = self.attempt(target, multipliers=multipliers)
            if answer.fits:
                best = (max(x.cycles for x in answer.chosen.values()), answer)
            else:
                worst = target
                bound = max(bound, target if answer.impossible else 0.0)
            if answer.chosen:
                first = min(first, target)
            high = best[0] if best else SLOWEST
            hopeless = self.goal.board and best is None and worst > HOPELESS * first
            if high - worst <= precision * high or hopeless:
                break
            step = min(max(answer.share, 0.5), 2.0) if answer.chosen else 4.0
            if best is None:
                # Some designs hardly shrink for a while: longer and longer steps past them.
                step = max(step, 1 + PRECISION * 2**number)
            target = target * step * (0.998 if answer.fits else 1.001)
            if best and worst > low and answer.fits == before:
                target = (min if answer.fits else max)(target, (worst + high) / 2)
            if not worst < target < high:
                target = (worst + high) / 2 if best else 1.3 * worst
            before = answer.fits
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
            multipliers = sum(x.folding.multipliers for x in answer.chosen.values())
            low, high = 0.8 * most, most
        elif around is None:
            if board and not any(self.taken):
                # Whatever comes nearest there, to learn what the rest of a pipeline takes.
                guess = self.first_guess()
                answer = self.attempt(guess)
                while not answer.chosen and guess < SLOWEST:
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
        for name, candidate in answer.chosen.items():
            self.layers[name].learn(candidate.folding, exact[name])
        self.margin = min(self.margin, self.slowest(exact) / plan.cycles_per_frame)
        if self.goal.board:
            estimated = self.estimated(answer.chosen, self.goal.board.family)
            actual = plan.resources.counts
            self.taken = tuple(a - e for a, e in zip(actual, estimated, strict=True))

    def estimated(self, chosen: Mapping[str, Candidate], family: Family) -> tuple[int, ...]:
        """Resources of convolutions and gearboxes as the program saw them."""
        slowest = max(x.cycles for x in chosen.values())
        luts = 0
        for join in self.joins:
            before, after = chosen[join.source].folding, chosen[join.reader].folding
            luts += join.luts(before.columns, after.columns, slowest, family)
        return sum((x.resources for x in chosen.values()), Resources(lut=luts)).counts


def take_turns(layers: Mapping[str, Work]) -> None:
    """Halve the row memory of pointwise convolutions, most of all: they hold one row, not two.

    The layer before such a squeeze then waits while the squeeze works. As squeezes have little
    work, they are made fast, and the others slower.
    """
    for work in layers.values():
        work.tight = work.operator.kernel == 1
        work.share = TURN if work.tight else 1 - TURN
