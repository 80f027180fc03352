# SPDX-License-Identifier: Apache-2.0
"""When rows move through a pipeline: times, and the rules by which one follows from others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from firebrick.hardware.timing import Role
from firebrick.plan.rows.stage import Stage


@dataclass(slots=True)
class Events:
    """Times known so far. Link times are lists of (first, last) by row, across frames."""

    stages: Sequence[Stage]
    workers: dict[str, Stage] = field(default_factory=dict)
    fifos: list[Stage] = field(default_factory=list)
    streams: list[Stage] = field(default_factory=list)
    writer: dict[str, Stage] = field(default_factory=dict)
    reader: dict[str, Stage] = field(default_factory=dict)
    moves: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    begin: dict[str, list[float]] = field(default_factory=dict)
    finish: dict[str, list[float]] = field(default_factory=dict)
    freed: dict[str, list[float]] = field(default_factory=dict)
    completes: dict[str, dict[int, list[int]]] = field(default_factory=dict)
    later: dict[str, int] = field(default_factory=dict)
    """Per STREAM stage, rows that wait to leave behind another of the same input row."""

    def __post_init__(self) -> None:
        """Index the stages by name and by link."""
        for stage in self.stages:
            self.writer |= dict.fromkeys(stage.outputs, stage)
            self.reader |= dict.fromkeys(stage.inputs, stage)
            self.moves |= {link: [] for link in stage.outputs}
            if stage.role is Role.WORK:
                self.workers[stage.name] = stage
                self.begin[stage.name] = []
                self.finish[stage.name] = []
                self.freed[stage.name] = []
            elif stage.role is Role.FIFO:
                self.fifos.append(stage)
            elif stage.role is Role.STREAM:
                self.streams.append(stage)
                self.later[stage.name] = 0
                rows = self.completes.setdefault(stage.name, {})
                for y, need in enumerate(stage.timing.needs):
                    rows.setdefault(need - 1, []).append(y)

    def pace(self, link: str, row: int) -> int:
        """Fewest cycles in which a row can cross a link, for all that is behind it."""
        stage = self.reader.get(link)
        if stage is None:
            return 0
        own = stage.timing.in_beats
        if stage.role in (Role.WORK, Role.FIFO):
            return own
        rows = [row]
        if stage.role is Role.STREAM:
            rows = self.completed(stage, row)[:1]
            own += sum(self.cycles(stage, y) for y in rows)
        return max(own, *(self.pace(x, y) for x in stage.outputs for y in rows), 0)

    def completed(self, stage: Stage, row: int) -> list[int]:
        """Output rows that input row `row` of a STREAM stage completes (both across frames).

        The first leaves as the input row arrives, the others behind it, in `follow`.
        """
        frame, line = divmod(row, stage.timing.frees[-1])
        base = frame * len(stage.timing.needs)
        return [base + y for y in self.completes[stage.name].get(line, ())]

    def opens(self, link: str, row: int, *, last: bool = False) -> float | None:
        """When the far side of a link can take a row's first (or last) beat; None if not known.

        A FIFO takes a row beat by beat as an earlier one leaves; a ring has room for a whole row.
        """
        stage = self.reader.get(link)
        if stage is None:
            return 0.0
        if stage.role is Role.WORK:
            past = row - stage.timing.ring
            freed = self.freed[stage.name]
            return 0.0 if past < 0 else freed[past] if past < len(freed) else None
        if stage.role is Role.FIFO:
            past = row - stage.rows
            gone = (0.0, 0.0) if past < 0 else self.gone(stage.outputs[0], past)
            return gone and gone[last]
        if stage.role is Role.STREAM:
            rows = self.completed(stage, row)[:1]
            return _latest(self.opens(stage.outputs[0], y, last=last) for y in rows)
        times = [self.opens(x, row, last=last) for x in stage.outputs]
        if stage.role is Role.JOIN:
            times += [self.ready(x, row) for x in stage.inputs if x != link]
        return _latest(times)

    def ready(self, link: str, row: int) -> float | None:
        """When the near side of a link could offer the row; None while that is not known."""
        stage = self.writer[link]
        if stage.role is Role.WORK:
            start = self.start(stage, row)
            return None if start is None else start + self.first_lag(stage, row)
        if stage.role is Role.STREAM:
            frame, y = divmod(row, len(stage.timing.needs))
            source = frame * stage.timing.frees[-1] + stage.timing.needs[y] - 1
            return self.ready(stage.inputs[0], source)
        if stage.role is Role.FIFO:
            moves = self.moves[stage.inputs[0]]
            return moves[row][0] if row < len(moves) else None
        return _latest(self.ready(x, row) for x in stage.inputs)

    def start(self, stage: Stage, row: int) -> float | None:
        """When a WORK stage can begin an output row, or began it."""
        begun, finish = self.begin[stage.name], self.finish[stage.name]
        if row < len(begun):
            return begun[row]
        if row > len(finish):
            return None
        frame, y = divmod(row, len(stage.timing.needs))
        source = frame * stage.timing.frees[-1] + stage.timing.needs[y] - 1
        start = finish[row - 1] if row else 0.0
        if not stage.inputs:  # from outside: one beat a cycle, as soon as there is room
            past = source - stage.timing.ring
            begin = self.freed[stage.name][past] if past >= 0 else 0.0
            return max(start, begin + stage.timing.in_beats, (source + 1) * stage.timing.in_beats)
        for link in stage.inputs:
            moves = self.moves[link]
            if source >= len(moves):
                return None
            start = max(start, moves[source][1])
        return start

    def output_rows(self) -> list[float]:
        """When each row left the pipeline: on the link that nobody reads."""
        link = next(x for x in self.moves if x not in self.reader)
        return [last for _, last in self.moves[link]]

    @staticmethod
    def cycles(stage: Stage, row: int) -> int:
        """Cycles of an output row, numbered across frames."""
        return stage.timing.cycles[row % len(stage.timing.cycles)]

    @staticmethod
    def first_lag(stage: Stage, row: int) -> float:
        """Cycles from the start of a row until its first beat is there."""
        cycles = Events.cycles(stage, row)
        return max(0.0, cycles / max(1, stage.timing.out_beats) - 1) + stage.timing.lag

    def gone(self, link: str, row: int) -> tuple[float, float] | None:
        """When a row left the near side of a link: a JOIN on the way makes it wait for others."""
        moves = self.moves[link]
        if row >= len(moves):
            return None
        first, last = moves[row]
        stage = self.reader.get(link)
        if stage is None or stage.role in (Role.WORK, Role.FIFO):
            return first, last
        after = [(x, row) for x in stage.outputs]
        if stage.role is Role.STREAM:
            after = [(stage.outputs[0], y) for y in self.completed(stage, row)]
        lag = stage.timing.lag
        for out, y in after:
            times = self.gone(out, y)
            if times is None:
                return None
            first, last = max(first, times[0] - lag), max(last, times[1] - lag)
        return first, last

    def work(self, stage: Stage) -> bool:
        """Do one more row of a WORK stage if all it waits for is known."""
        timing, link = stage.timing, stage.outputs[0]
        row = len(self.finish[stage.name])
        start = self.start(stage, row)
        if start is None:
            return False
        frame, y = divmod(row, len(timing.needs))
        cycles = timing.cycles[y]
        finish = start + cycles
        # What the queues hold, some rows and a part of one, is done ahead while the output is
        # blocked.
        ahead, part = divmod(stage.held, max(1, timing.out_beats))
        rest = 1 - part / max(1, timing.out_beats)
        if not ahead:
            opens = self.opens(link, row)
            if opens is None:
                return False
            first = max(start + self.first_lag(stage, row), opens)
            finish = max(finish, opens + cycles * rest, first + self.pace(link, row) * rest)
        elif row >= ahead:
            gone = self.gone(link, row - ahead)
            if gone is None:
                return False
            finish = max(finish, gone[0] + max(cycles, gone[1] - gone[0]) * rest)
        self.begin[stage.name].append(start)
        self.finish[stage.name].append(finish)
        past = frame * timing.frees[-1] + timing.frees[y]
        freed = self.freed[stage.name]
        freed.extend([finish + timing.release] * (past - len(freed)))
        return True

    def send(self, stage: Stage) -> bool:
        """Send one more row of a WORK stage if it is done and there is room for it."""
        finish, row = self.finish[stage.name], len(self.moves[stage.outputs[0]])
        if row >= len(finish):
            return False
        first = self.begin[stage.name][row] + self.first_lag(stage, row)
        return self.cross(stage.outputs[0], row, first, finish[row] + stage.timing.lag)

    def shift(self, stage: Stage) -> bool:
        """Move one more row out of a FIFO if that is possible."""
        source, row = self.moves[stage.inputs[0]], len(self.moves[stage.outputs[0]])
        return row < len(source) and self.cross(stage.outputs[0], row, *source[row])

    def follow(self, stage: Stage) -> bool:
        """Move one more row out of a STREAM that was completed together with the one before it."""
        if not self.later[stage.name]:
            return False
        moves = self.moves[stage.outputs[0]]
        row, first = len(moves), moves[-1][1]
        if not self.cross(stage.outputs[0], row, first, first + self.cycles(stage, row)):
            return False
        self.later[stage.name] -= 1
        return True

    def cross(self, link: str, row: int, first: float, last: float) -> bool:
        """Let a row cross a link if it is known when the far side can take it.

        Args:
            link: out of a WORK or FIFO stage.
            row: the next one.
            first: when its first beat is there.
            last: when its last beat is there.
        """
        opens, closes = self.opens(link, row), self.opens(link, row, last=True)
        before = self.gone(link, row - 1) if row else (0.0, 0.0)
        if opens is None or closes is None or before is None:
            return False
        first = max(first, opens, before[1])
        self.deliver(link, first, max(last, first + self.pace(link, row), closes))
        return True

    def deliver(self, link: str, first: float, last: float) -> None:
        """A row crosses a link, and at once all STREAM, FORK and JOIN stages behind it."""
        moves = self.moves[link]
        moves.append((first, last))
        row = len(moves) - 1
        stage = self.reader.get(link)
        if stage is None or stage.role in (Role.WORK, Role.FIFO):
            return
        lag = stage.timing.lag
        if stage.role is Role.STREAM:
            rows = self.completed(stage, row)
            if rows:
                self.deliver(stage.outputs[0], first + lag, last + lag)
                self.later[stage.name] += len(rows) - 1
        elif stage.role is Role.FORK:
            for out in stage.outputs:
                self.deliver(out, first, last)
        elif all(len(self.moves[x]) > row for x in stage.inputs):
            both = [self.moves[x][row] for x in stage.inputs]
            first, last = max(x[0] for x in both), max(x[1] for x in both)
            self.deliver(stage.outputs[0], first + lag, last + lag)

    def peak(self, stage: Stage) -> int:
        """Most rows in a FIFO: those that began to enter before an earlier one had left."""
        enter = [x[0] for x in self.moves[stage.inputs[0]]]
        link = stage.outputs[0]
        leave = [x[1] for x in map(partial(self.gone, link), range(len(self.moves[link]))) if x]
        most = gone = 0
        for row, time in enumerate(enter):
            while gone < len(leave) and leave[gone] <= time:
                gone += 1
            most = max(most, row + 1 - gone)
        return most


def _latest(times: Iterable[float | None]) -> float | None:
    """Latest of some times; None if one is unknown, 0 if there are none."""
    latest = 0.0
    for time in times:
        if time is None:
            return None
        latest = max(latest, time)
    return latest
