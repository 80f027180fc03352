# SPDX-License-Identifier: Apache-2.0
"""What a plan of unknown origin says of itself is recomputed before anything is built from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from firebrick.boards import board_names, named_board
from firebrick.checked.documents import read_json
from firebrick.errors import FirebrickError, naming
from firebrick.ir.network import Network
from firebrick.plan.complete import promised
from firebrick.plan.pipeline import build
from firebrick.plan.plan import Plan

AGAIN = "edited, or of another version of firebrick: plan it again"
MAKE = "give a plan, as `firebrick plan q.onnx --board kv260 -o plan.json` writes it"


def read_plan(path: Path, network: Network) -> Plan:
    """Read a plan file, and recompute what it claims.

    Raises:
        FirebrickError: when it cannot be read, is another network's, or is not what follows from
            its foldings; names file, field and value.
    """
    try:
        document = read_json(path)
    except FirebrickError as error:
        raise FirebrickError(f"{error}: {MAKE}") from None
    plan = Plan.read(document, str(path))
    with naming(path):
        check_claims(network, plan)
    return plan


def check_claims(network: Network, plan: Plan) -> None:
    """Refuse a plan whose figures are not those of its foldings, its network and its board.

    Foldings, depths of queues and the pixels a beat are free; all else follows from them. Of the
    search nothing is left but `bound_cycles`, which can only be held against the cycles; and the
    budget of a board that does not come with Firebrick is believed.

    Raises:
        CheckFailed: the pipeline would deadlock.
        FirebrickError: naming field, value, and what it would be.
    """
    check_board(plan)
    if plan.model != network.name and plan.digest == network.digest():
        raise FirebrickError(
            f"model={plan.model!r:.60} is not {network.name!r:.60}, the name of this network of "
            "the same weights: plan it again"
        )
    try:
        expected = promised(network, plan, build(network, plan))
    except (ValueError, ArithmeticError) as error:
        # Each folding is in its range, but they do not go together.
        raise FirebrickError(f"layers: make no hardware together: {error}: {AGAIN}") from None
    compare(plan, expected, "what follows from model and foldings")
    if plan.bound_cycles > plan.cycles_per_frame:
        raise FirebrickError(
            f"bound_cycles={plan.bound_cycles} exceeds cycles_per_frame={plan.cycles_per_frame}, "
            f"which it bounds from below: {AGAIN}"
        )


def check_board(plan: Plan) -> None:
    """Refuse a plan that is held against another budget than that of the board it names.

    Raises:
        FirebrickError: naming field, value, and what it would be.
    """
    if plan.board is not None and plan.board in board_names():
        board = named_board(plan.board)
        expected = replace(plan, family=board.family, budget=board.budget())
        compare(plan, expected, f"that of board {plan.board!r}")
    elif (plan.board is None) != (plan.budget is None):
        missing = "a board without a budget" if plan.board else "a budget without a board"
        raise FirebrickError(f"board={plan.board!r}: is {missing}: {AGAIN}")


def compare(found: Plan, expected: Plan, rule: str) -> None:
    """Refuse a plan that differs from what is expected.

    Args:
        found: the plan.
        expected: what it would be.
        rule: what that follows from.

    Raises:
        FirebrickError: naming the first field that differs, its value, and what it would be.
    """
    fields = dict(_leaves(expected.document()))
    for name, value in _leaves(found.document()):
        if name not in fields:
            raise FirebrickError(f"{name}={value!r:.60} is not among {rule}: {AGAIN}")
        right = fields.pop(name)
        if value != right:
            raise FirebrickError(f"{name}={value!r:.60} is not {right!r:.60}, {rule}: {AGAIN}")
    for name, right in fields.items():
        raise FirebrickError(f"{name} is missing, {right!r:.60} is {rule}: {AGAIN}")


def _leaves(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Values that have no parts, by the way to them; layers by their names."""
    if isinstance(value, Mapping) and value:
        for key, part in value.items():
            yield from _leaves(part, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            label = part.get("name", number) if isinstance(part, Mapping) else number
            yield from _leaves(part, f"{name}[{label}]")
    else:
        yield name, str(value) if isinstance(value, str) else value
