# SPDX-License-Identifier: Apache-2.0
"""What a plan file says of itself is recomputed: who edits a figure is told what it would be."""

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from importlib import import_module
from pathlib import Path

import pytest

from command_line import fill, firebrick
from firebrick.boards import load_board
from firebrick.errors import FirebrickError
from firebrick.ir.network import Network
from firebrick.ops.folding import Folding
from firebrick.plan.claims import check_claims
from firebrick.plan.plan import Plan
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from networks import small_network

FREE = {*(x.name for x in fields(Folding)), "name", "kind"}
"""Fields of a layer that are chosen, not claimed."""


@pytest.fixture(scope="module")
def network() -> Network:
    return small_network()


@pytest.fixture(scope="module")
def made(network: Network) -> Plan:
    """For a board, with a bypass that has a queue."""
    found = plan(network, Goal(board=load_board("pynq-z2"), multipliers=40))
    assert found.skips
    return found


@pytest.fixture(scope="module")
def document(made: Plan) -> dict:
    return json.loads(made.to_json())


def claims(value: object, way: tuple = ()) -> Iterator[tuple]:
    """Ways to all numbers that follow from something else."""
    if isinstance(value, dict):
        for key, inner in value.items():
            layer = len(way) == 2 and way[0] == "layers"
            if not (layer and key in FREE):
                yield from claims(inner, (*way, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from claims(inner, (*way, number))
    elif isinstance(value, int) and way[0] not in ("format", "pixels", "skips", "bound_cycles"):
        yield way


def changed(document: dict, way: tuple, value: object) -> str:
    """The plan's text with another value somewhere."""
    copy = json.loads(json.dumps(document))
    inner = copy
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = value
    return json.dumps(copy)


def value_of(document: dict, way: tuple) -> int:
    found = document
    for step in way:
        found = found[step]
    return found


def refusal(network: Network, text: str) -> str:
    with pytest.raises(FirebrickError) as caught:
        check_claims(network, Plan.from_json(text, "p.json"))
    assert caught.value.exit_status == 2
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_plan_as_planned_is_accepted(network: Network, made: Plan) -> None:
    check_claims(network, Plan.from_json(made.to_json()))
    check_claims(network, plan(network, Goal(multipliers=20)))


def test_a_plan_for_a_board_of_ones_own_is_accepted(network: Network, made: Plan) -> None:
    """Its budget cannot be known: it is held against what the foldings take all the same."""
    own = replace(made, board="my-own-board", budget=replace(made.resources, lut=7))
    check_claims(network, own)
    assert not own.fits


def test_every_claim_is_recomputed(network: Network, document: dict) -> None:
    ways = list(claims(document))
    assert len(ways) > 60
    for number, way in enumerate(ways):
        right = value_of(document, way)
        value = (right + 1, 1, max(1, right - 1), 1 << 60)[number % 4]
        if value == right:
            value = right + 2
        message = refusal(network, changed(document, way, value))
        assert f"={value} is not {right}, " in message
        assert str(way[-1]) in message
        assert message.endswith("plan it again")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("model", "other", "model='other' is not 'small'"),
        ("digest", "0" * 64, "digest=0000000000000000 is not that of model 'small'"),
        ("family", "xcup", "family='xcup' is not 'xc7', that of board 'pynq-z2'"),
        ("board", "zcu104", "family='xc7' is not 'xcup', that of board 'zcu104'"),
        ("board", None, "board=None: is a budget without a board"),
        ("budget", None, "budget=None is not among that of board 'pynq-z2'"),
        ("weight_bytes", {}, "weight_bytes={} is not among what follows"),
        ("weight_bytes", {"gold": 1}, "weight_bytes.gold=1 is not among what follows"),
    ],
)
def test_names_budget_and_contents_are_recomputed(
    network: Network, document: dict, field: str, value: object, words: str
) -> None:
    assert words in refusal(network, changed(document, (field,), value))


def test_a_bound_beyond_the_cycles_is_refused(network: Network, document: dict) -> None:
    cycles = document["cycles_per_frame"]
    message = refusal(network, changed(document, ("bound_cycles",), cycles + 1))
    assert message.startswith(f"bound_cycles={cycles + 1} exceeds cycles_per_frame={cycles}")


def test_other_foldings_have_other_figures(network: Network, document: dict) -> None:
    lanes = document["layers"][0]["lanes"]
    assert "layers[conv1]" in refusal(network, changed(document, ("layers", 0, "lanes"), lanes + 1))


def test_a_queue_that_nobody_reads_is_refused(network: Network, document: dict) -> None:
    text = changed(document, ("skips", 0, "tensor"), "conv1")
    assert "tensor='conv1' is not read by such a layer" in refusal(network, text)


@pytest.mark.parametrize(
    "name",
    [
        "../../x.toml",
        "/etc/board.toml",
        "x/y",
        "A",
        "",
        ".",
        "-o",
        "zcu104\n",
        "zcu104\x1b[2J",
        "ü",
    ],
)
def test_a_board_is_a_name(document: dict, name: str) -> None:
    with pytest.raises(FirebrickError, match=r"^p\.json: board=.* is no name of a board$"):
        Plan.from_json(changed(document, ("board",), name), "p.json")


def test_the_name_of_a_board_is_never_a_path(
    network: Network, document: dict, tmp_path: Path
) -> None:
    """Not even one in the current folder."""
    fill(tmp_path, network)
    (tmp_path / "own.toml").write_text("secret = 1")
    (tmp_path / "plan.json").write_text(changed(document, ("board",), "own.toml"))
    result = firebrick(tmp_path, "deploy", "q.onnx", "plan.json", "-o", "b", "--json")
    assert (result.returncode, result.stdout) == (2, "")
    assert "board: 'own.toml' is none of " in result.stderr
    assert "secret" not in result.stderr


COMMANDS = [
    ["generate", "q.onnx", "plan.json", "-o", "out"],
    ["generate", "q.onnx", "plan.json", "-o", "out", "--target", "hls"],
    ["generate", "q.onnx", "plan.json", "-o", "out", "--target", "hls4ml"],
    ["deploy", "q.onnx", "plan.json", "-o", "out"],
    ["verify", "q.onnx", "a.png", "--engines", "rtl", "--plan", "plan.json"],
    ["verify", "q.onnx", "a.png", "--engines", "csim", "--plan", "plan.json"],
    ["infer", "q.onnx", "a.png", "--engine", "rtl", "--plan", "plan.json"],
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda x: "_".join(x[:1] + x[-1:]))
def test_no_command_believes_a_plan(
    network: Network, document: dict, tmp_path: Path, arguments: list[str]
) -> None:
    fill(tmp_path, network)
    right = document["cycles_per_frame"]
    (tmp_path / "plan.json").write_text(changed(document, ("cycles_per_frame",), 1))
    before = sorted(tmp_path.rglob("*"))
    result = firebrick(tmp_path, *arguments, "--json")
    assert (result.returncode, result.stdout) == (2, "")
    (line,) = (x for x in result.stderr.splitlines() if x.startswith("firebrick: "))
    assert line.startswith(f"firebrick: plan.json: cycles_per_frame=1 is not {right}, ")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_design_that_is_too_large_stays_too_large(
    network: Network, document: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody passes the gate by writing that it needs nothing."""
    monkeypatch.setattr(import_module(Plan.__module__), "ONCHIP_LIMIT", 100)
    fill(tmp_path, network)
    (tmp_path / "plan.json").write_text(changed(document, ("weight_bytes", "codes"), 0))
    result = firebrick(tmp_path, "generate", "q.onnx", "plan.json", "-o", "out")
    assert "weight_bytes.codes=0 is not " in result.stderr
    (tmp_path / "plan.json").write_text(json.dumps(document))
    result = firebrick(tmp_path, "generate", "q.onnx", "plan.json", "-o", "out")
    assert result.returncode == 1
    assert not (tmp_path / "out").exists()


def test_a_plan_over_its_boards_budget_is_not_built(
    network: Network, made: Plan, tmp_path: Path
) -> None:
    """Not even where the budget is of a board that nobody knows."""
    fill(tmp_path, network)
    budget = replace(made.resources, lut=made.resources.lut - 1)
    text = replace(made, board="my-own-board", budget=budget).to_json()
    (tmp_path / "plan.json").write_text(text)
    result = firebrick(tmp_path, "generate", "q.onnx", "plan.json", "-o", "out")
    assert result.returncode == 1
    assert f"lut={made.resources.lut} exceeds {budget.lut} available" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_plan_of_the_same_weights_under_another_name_is_told_so(
    network: Network, document: dict
) -> None:
    made = Plan.from_json(json.dumps(document))
    with pytest.raises(
        FirebrickError, match="is not 'other', the name of this network of the same"
    ):
        check_claims(replace(network, name="other"), made)
