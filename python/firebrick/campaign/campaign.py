# SPDX-License-Identifier: Apache-2.0
"""Random stalls and faults around the shell: nothing hangs, no wrong logits are accepted.

``python -m firebrick.campaign.campaign --runs 1000``. Each run draws a design's state, timing
of the buses and one event, and ends with images whose logits must be right. Outside of what a run
may write, memory must not change; the simulated memory itself ends the simulation when the shell
breaks a rule of AXI.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from firebrick.campaign.designs import DESIGNS, TinyKernel, make
from firebrick.campaign.events import EVENTS, nothing
from firebrick.campaign.trial import Finding, Hang, Trial, WrongLogits
from firebrick.files.cache import cache_folder
from firebrick.files.scratch import scratch_folder
from firebrick.processes import ended_by_signals
from firebrick.runtime import DeviceError, DeviceTimeout
from firebrick.runtime.sim import MemoryTiming

RUNS_A_SIMULATION = 25
"""Then another one starts, with other values in what no reset sets."""
TIMINGS = (
    MemoryTiming(),
    MemoryTiming(30, 30, 30, 30, 30, 30, 20, 20, 8, 8),
    MemoryTiming(100, 100, 0, 100, 0, 0, 300, 300, 2, 2),
    MemoryTiming(0, 0, 180, 0, 180, 180, 0, 0, 16, 16),
    MemoryTiming(0, 0, 0, 0, 0, 0, 2000, 0, 16, 16),
    MemoryTiming(200, 200, 200, 200, 200, 200, 60, 60, 1, 1),
)
"""How unwilling the buses are: not at all, a little, slow to take, slow to give, far, hardly."""


@dataclass
class Figures:
    """What a campaign has seen.

    Attributes:
        runs: of the campaign.
        events: how often each kind of event was drawn.
        accepted: frames whose logits were accepted; all of them were compared.
        refused: runs whose logits the driver refused, as it had to.
        hangs: runs that did not end.
        wrong: runs whose logits were accepted and differ.
        other: other expectations that were not met.
        cycles: simulated.
        read_bursts: that memory has answered.
        write_bursts: the same.
        seconds: that it took, without compiling.
        findings: what went wrong, with the number of the run.
    """

    runs: int = 0
    events: dict[str, int] = field(default_factory=dict)
    accepted: int = 0
    refused: int = 0
    hangs: int = 0
    wrong: int = 0
    other: int = 0
    cycles: int = 0
    read_bursts: int = 0
    write_bursts: int = 0
    seconds: float = 0.0
    findings: list[str] = field(default_factory=list)

    def note(self, where: str, error: Exception) -> None:
        """Count a run that went wrong."""
        hang = isinstance(error, (Hang, DeviceTimeout))
        wrong = isinstance(error, WrongLogits)
        self.hangs += hang
        self.wrong += wrong
        self.other += not (hang or wrong)
        self.findings.append(f"{where}: {error}")


def campaign(
    kernels: Sequence[TinyKernel],
    runs: int,
    seed: int = 1,
    *,
    only: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Figures:
    """Run it.

    Args:
        kernels: designs, taken in turn.
        runs: how many.
        seed: of everything that is drawn.
        only: repeat the simulation of this run's number, up to it.
        progress: told the number of runs done.
    """
    figures, start = Figures(), time.perf_counter()
    for first in range(0, runs, RUNS_A_SIMULATION):
        numbers = range(first, min(runs, first + RUNS_A_SIMULATION))
        if only is not None:
            if only not in numbers:
                continue
            numbers = range(first, only + 1)
        kernel = kernels[first // RUNS_A_SIMULATION % len(kernels)]
        simulation(kernel, numbers, seed, figures)
        progress(numbers[-1] + 1)
    figures.seconds = time.perf_counter() - start
    return figures


def simulation(kernel: TinyKernel, numbers: range, seed: int, figures: Figures) -> None:
    """Several runs in one simulation; it starts anew after one that went wrong."""
    trial: Trial | None = None
    for number in numbers:
        rng = np.random.default_rng((seed, number))
        event = str(rng.choice(list(EVENTS)))
        figures.runs += 1
        figures.events[event] = figures.events.get(event, 0) + 1
        try:
            trial = trial or Trial(kernel, (seed, number))
            trial.rng = rng
            timing = TIMINGS[rng.integers(len(TIMINGS))]
            trial.device.set_timing(timing, int(rng.integers(1, 1 << 30)))
            EVENTS[event](trial)
            trial.device.fail()
            nothing(trial)
        except (Finding, DeviceError) as error:
            figures.note(f"run {number}, {kernel.description.model}, {event}", error)
            close(trial, figures)
            trial = None
    close(trial, figures)


def close(trial: Trial | None, figures: Figures) -> None:
    """End a simulation and add up what it has seen."""
    if trial is None:
        return
    figures.accepted += trial.accepted
    figures.refused += trial.refused
    try:
        state = trial.device.state()
        figures.cycles += state.cycle
        figures.read_bursts += state.read_bursts
        figures.write_bursts += state.write_bursts
    except DeviceError:
        pass  # it has ended itself: noted before
    trial.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign, print its figures; status 1 if anything went wrong."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, metavar="RUN", help="repeat the simulation of one run")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = parser.parse_args(arguments)
    with ended_by_signals(), scratch_folder() as scratch:
        kernels = [make(x, scratch / x.name, cache_folder("models")) for x in DESIGNS]
        figures = campaign(
            kernels,
            chosen.runs,
            chosen.seed,
            only=chosen.only,
            progress=lambda done: print(f"\r{done} runs", end="", file=sys.stderr),
        )
    print(file=sys.stderr)
    if chosen.json:
        print(json.dumps(asdict(figures)))
    else:
        print(table(figures))
    return 1 if figures.findings else 0


def table(figures: Figures) -> str:
    """Figures for people."""
    lines = [
        f"runs                    {figures.runs:>12,}",
        f"hangs                   {figures.hangs:>12,}",
        f"wrong logits accepted   {figures.wrong:>12,}",
        f"other failures          {figures.other:>12,}",
        f"logits refused, rightly {figures.refused:>12,}",
        f"frames compared         {figures.accepted:>12,}",
        f"cycles                  {figures.cycles:>12,}",
        f"read, write bursts      {figures.read_bursts:>12,} {figures.write_bursts:,}",
        f"seconds                 {figures.seconds:>12.0f}",
        *(f"  {figures.events.get(x, 0):>6} {x}" for x in EVENTS),
        *figures.findings,
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
