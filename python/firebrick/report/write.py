# SPDX-License-Identifier: Apache-2.0
"""`firebrick report`: measure quantized models, write a page and its JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from firebrick import console
from firebrick.boards import Board
from firebrick.errors import FirebrickError
from firebrick.files.output import check_file, check_no_stream, whole_file
from firebrick.ir.network import Network
from firebrick.progress import Progress
from firebrick.quantize.integer_onnx import load
from firebrick.quantize.quality import statistics
from firebrick.report.measure import PHOTOGRAPHS, Bench
from firebrick.report.options import COUNTED, FASTEST, TARGETS, Options
from firebrick.report.page import page_text
from firebrick.report.read import read_rows
from firebrick.report.rows import BoardRow, Row, TargetRow, board_row, target_row, zeros_row
from firebrick.report.tables import number, share

PRUNED = 0.9
"""A model with a smaller share of nonzero weights is pruned; its zeros are stored, too, once."""


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """What was measured.

    Attributes:
        models: per model its name, weights, nonzero weights, and what `quantize` noted in the file.
        targets: rows of targets and of stored zeros.
        boards: rows of boards.
    """

    models: list[dict[str, str | int]]
    targets: list[TargetRow] = field(default_factory=list)
    boards: list[BoardRow] = field(default_factory=list)

    def fields(self) -> dict[str, object]:
        """As JSON."""
        return {
            "photographs": list(PHOTOGRAPHS),
            "models": self.models,
            "targets": [x.fields() for x in self.targets],
            "boards": [x.fields() for x in self.boards],
        }

    def text(self) -> str:
        """As Markdown."""
        return page_text(self.models, self.targets, self.boards)

    @property
    def broken(self) -> int:
        """Rows whose hardware is wrong or could not be measured."""
        return sum(x.broken for x in (*self.targets, *self.boards))


def report(
    paths: Sequence[Path], output: Path, progress: Progress, options: Options | None = None
) -> Report:
    """Measure quantized models, write `output` (Markdown) and the same as JSON beside it.

    Every measurement is kept as soon as it is made, so an interrupted report continues.

    Raises:
        FirebrickError: when a model or board cannot be read, `output` cannot be written, or is
            itself the JSON file.
    """
    options = options or Options()
    beside = output.with_suffix(".json")
    check_no_stream(output)
    if beside == output:
        raise FirebrickError(f"{output}: is the JSON file, the page needs another ending")
    for path in (output, beside):
        check_file(path)
    boards = options.chosen_boards()
    networks = [load.read(path) for path in paths]
    made = Report(
        [
            {"model": network.name, **statistics(network), **load.read_notes(path)}
            for network, path in zip(networks, paths, strict=True)
        ]
    )
    with whole_file(output) as page, whole_file(beside) as data:  # before hours are spent
        benches = [Bench(network, progress) for network in networks]
        steps = [x for bench in benches for x in _steps(bench, boards, options, made)]
        for done, (name, step) in enumerate(steps):
            progress("report", max(done, 0.01) / len(steps))
            console.ERR.print(f"{done + 1}/{len(steps)} {name}")
            console.ERR.print(f"  {_summary(step())}", soft_wrap=True)
        progress("report", 1.0)
        page.write_text(made.text())
        data.write_text(json.dumps(made.fields(), indent=2) + "\n")
    return made


def rewrite(source: Path, output: Path) -> Report:
    """Write the page of what was measured before: nothing is measured, no figure of ours changes.

    Args:
        source: JSON that `report` wrote.
        output: the page.

    Raises:
        FirebrickError: when `source` is no such file, or `output` cannot be written or is `source`.
    """
    check_no_stream(output)
    if output.resolve() == source.resolve():
        raise FirebrickError(f"{output}: is the JSON file, the page needs another name")
    check_file(output)
    made = Report(*read_rows(source))
    with whole_file(output) as page:
        page.write_text(made.text())
    return made


Step = tuple[str, Callable[[], Row]]


def _steps(bench: Bench, boards: Sequence[Board], options: Options, made: Report) -> list[Step]:
    """Measurements of a network, by name; each adds its row to what was made."""
    network = bench.network
    pruned = _is_pruned(network)
    targets = options.targets
    if targets is None:
        targets = TARGETS if pruned else (*TARGETS, FASTEST)
    counted = COUNTED[pruned] if options.synth is None else options.synth

    def at(target: int) -> Row:
        made.targets.append(target_row(bench, target))
        return made.targets[-1]

    def zeros() -> Row:
        first = next(x for x in made.targets if x.model == network.name)
        if first.planned is None:
            return first
        made.targets.append(zeros_row(bench, first.planned.multipliers))
        return made.targets[-1]

    def on(board: Board) -> Row:
        count = board.name in counted
        made.boards.append(board_row(bench, board, options.simulate, count=count))
        return made.boards[-1]

    steps: list[Step] = [(f"{network.name} at {x:,} cycles", partial(at, x)) for x in targets]
    if pruned and targets:
        steps.append((f"{network.name}, zeros stored", zeros))
    return steps + [(f"{network.name} on {x.name}", partial(on, x)) for x in boards]


def _is_pruned(network: Network) -> bool:
    found = statistics(network)
    return found["nonzero"] < PRUNED * found["weights"]


def _summary(row: Row) -> str:
    """One line of what was found."""
    if row.planned is None:
        return "; ".join(row.failures)
    run = row.simulation
    words = [
        f"{row.planned.multipliers:,} multipliers",
        f"{number(row.cycles)} cycles {'simulated' if run else 'predicted'}",
        f"{share(row.busy if run else row.predicted_busy)} busy",
    ]
    if run:
        words.append(f"{run.differing:,} values differ")
    return ", ".join([*words, *row.failures])
