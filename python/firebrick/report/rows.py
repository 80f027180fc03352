# SPDX-License-Identifier: Apache-2.0
"""One row a target and one a board: everything that is measured for it, and what went wrong."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from firebrick.boards import Board
from firebrick.errors import FirebrickError
from firebrick.report.dense import DenseDesign, best_design, dense_layers
from firebrick.report.engine import EngineSimulation, simulate_busiest
from firebrick.report.figures import binding, frames_per_second, gap
from firebrick.report.measure import Bench, Counted, Planned, Simulation
from firebrick.report.published import finn_shares
from firebrick.search.goal import Goal


@dataclass(frozen=True, slots=True)
class Row:
    """What every row has.

    Attributes:
        model: name of the network.
        planned: the plan; None if there is none.
        simulation: of the whole network, where it was simulated.
        failures: what went wrong, in words; the first says why there is no plan, if so.
    """

    model: str
    planned: Planned | None = None
    simulation: Simulation | None = None
    failures: tuple[str, ...] = ()

    @property
    def cycles(self) -> int | None:
        """Cycles a frame: simulated, else predicted."""
        if self.simulation:
            return self.simulation.cycles_per_frame
        return self.planned.plan.cycles_per_frame if self.planned else None

    @property
    def busy(self) -> float | None:
        """Share of multiplier cycles that do nonzero work, by simulation."""
        if not (self.planned and self.simulation):
            return None
        plan = self.planned.plan
        return plan.nonzero_macs / (plan.multipliers * self.simulation.cycles_per_frame)

    @property
    def broken(self) -> bool:
        """Whether hardware that was built is wrong or could not be measured."""
        wrong = self.simulation is not None and self.simulation.differing > 0
        return wrong or (self.planned is not None and bool(self.failures))

    def common(self) -> dict[str, object]:
        """As JSON: where a figure comes from is its group's name."""
        planned, simulated = self.planned, self.simulation
        return {
            "model": self.model,
            "failures": list(self.failures),
            "predicted": None
            if planned is None
            else planned.plan.fields() | {"planning_seconds": planned.seconds},
            "simulated": None
            if simulated is None
            else asdict(simulated) | {"mac_efficiency": round(self.busy or 0.0, 4)},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRow(Row):
    """A network at a number of cycles, or with its zeros stored.

    Attributes:
        target: cycles a frame asked for; None if multipliers were.
        store_zeros: pruned zeros were stored and multiplied.
        dense: what a dense dataflow reaches with as many multipliers.
    """

    target: int | None
    store_zeros: bool = False
    dense: DenseDesign | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is met, by simulation if there is one."""
        if self.target is None or self.cycles is None:
            return None
        return self.cycles <= self.target

    @property
    def dense_ratio(self) -> float | None:
        """Cycles of the dense dataflow over ours, as simulated."""
        if not (self.dense and self.simulation):
            return None
        return self.dense.cycles / self.simulation.cycles_per_frame

    @property
    def dense_busy(self) -> float | None:
        """Share of the dense dataflow's multiplier cycles that do nonzero work."""
        if not (self.dense and self.planned):
            return None
        return self.planned.plan.nonzero_macs / (self.dense.multipliers * self.dense.cycles)

    def fields(self) -> dict[str, object]:
        """As JSON."""
        finn = finn_shares(self.model, self.target or 0)
        return {"target": self.target, "store_zeros": self.store_zeros, "met": self.met} | {
            **self.common(),
            "dense": None
            if self.dense is None
            else asdict(self.dense) | {"ratio": self.dense_ratio, "busy": self.dense_busy},
            "finn_plus": None if finn is None else {"defaults": finn[0], "tuned": finn[1]},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow(Row):
    """A network on a board.

    Attributes:
        board: the board.
        engines: the busiest, simulated alone, where the whole network is too large.
        counted: by Yosys, where that was asked for.
    """

    board: Board
    engines: tuple[EngineSimulation, ...] = ()
    counted: Counted | None = None

    @property
    def frames_per_second(self) -> float | None:
        """At the assumed clock."""
        return frames_per_second(self.cycles, self.board) if self.cycles else None

    @property
    def of_peak(self) -> float | None:
        """Nonzero work over two multiplications a cycle in each of the device's DSP slices."""
        if not (self.planned and self.cycles):
            return None
        return self.planned.plan.nonzero_macs / (2 * self.board.device.dsp * self.cycles)

    def fields(self) -> dict[str, object]:
        """As JSON."""
        plan = self.planned.plan if self.planned else None
        return {"board": self.board.name, "fits": plan is not None} | {
            **self.common(),
            "assumed": {
                "clock_mhz": self.board.clock_mhz,
                "frames_per_second": self.frames_per_second,
            },
            "binds": binding(plan) if plan else None,
            "gap": gap(plan) if plan else None,
            "of_dsp_peak": self.of_peak,
            "engines_simulated": [asdict(x) for x in self.engines],
            "counted": None
            if self.counted is None
            else {
                "tool": self.counted.tool,
                "resources": self.counted.resources.fields(),
                "seconds": self.counted.seconds,
            },
        }


def target_row(bench: Bench, target: int) -> TargetRow:
    """Plan the smallest design that is fast enough, and simulate it."""
    return _folded(bench, Goal(max_cycles=target), target, store_zeros=False)


def zeros_row(bench: Bench, multipliers: int) -> TargetRow:
    """As many multipliers with zeros stored: as fast as they get."""
    return _folded(bench, Goal(multipliers=multipliers), None, store_zeros=True)


def _folded(bench: Bench, goal: Goal, target: int | None, *, store_zeros: bool) -> TargetRow:
    planned, simulation, dense = None, None, None
    failures: list[str] = []
    try:
        planned = bench.plan(goal, store_zeros=store_zeros)
        dense = best_design(dense_layers(bench.network), planned.plan.multipliers)
        simulation = bench.simulate(planned.plan)
    except FirebrickError as error:
        failures.append(one_line(error))
    return TargetRow(
        *(bench.network.name, planned, simulation, tuple(failures)),
        target=target,
        store_zeros=store_zeros,
        dense=dense,
    )


def board_row(bench: Bench, board: Board, most: int, *, count: bool) -> BoardRow:
    """Fill a board; simulate and count what was made.

    Args:
        bench: the network.
        board: the board.
        most: multipliers of the largest design that is simulated whole.
        count: let Yosys count.
    """
    name = bench.network.name
    try:
        planned = bench.plan(Goal(board=board))
    except FirebrickError as error:
        return BoardRow(name, failures=(one_line(error),), board=board)
    plan, simulation, counted = planned.plan, None, None
    engines: tuple[EngineSimulation, ...] = ()
    failures: list[str] = []
    try:
        if plan.multipliers <= most:
            simulation = bench.simulate(plan)
        elif most:
            engines = simulate_busiest(bench.network, plan)
    except FirebrickError as error:
        failures.append(one_line(error))
    try:
        counted = bench.count(plan, board.family) if count else None
    except FirebrickError as error:
        failures.append(one_line(error))
    return BoardRow(
        *(name, planned, simulation, tuple(failures)), board=board, engines=engines, counted=counted
    )


def one_line(error: Exception) -> str:
    """The first line of a message: what follows is a tool's log."""
    return (str(error).splitlines() or [type(error).__name__])[0]
