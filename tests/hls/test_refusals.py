# SPDX-License-Identifier: Apache-2.0
"""Each rule of a function's Cfg is checked when it is compiled, with a message that names it."""

from __future__ import annotations

import re

import pytest

from firebrick.ops import ENGINES
from hls_compiler import INCLUDE, command, refusal
from hls_functions import instance, refused


@pytest.mark.parametrize("kind", ENGINES)
def test_broken_rule_is_named_by_the_compiler(kind: str) -> None:
    engine, rules = refused(kind)
    changes = [{}, *(change for change, _ in rules)]
    text = "".join(instance(f"n{n}", engine, change) for n, change in enumerate(changes))
    blocks = refusal(text, command()).split("In instantiation of")
    assert not any("n0_layer" in block for block in blocks), "the good one is refused"
    for number, (change, message) in enumerate(rules, 1):
        mine = [block for block in blocks if f"n{number}_layer" in block]
        wanted = rf"static assertion failed: \w+: .*{re.escape(message)}"
        assert any(re.search(wanted, block) for block in mine), f"{change}: {message}"


def test_broken_rule_of_a_part_is_named() -> None:
    parts = {
        "beat<0, 8>": "beat: COLUMNS must be at least 1",
        "beat<2, 0>": "beat: BITS must be at least 1",
        "beat<513, 8>": "beat: COLUMNS * BITS exceeds AP_INT_MAX_W",
        "memory<bool, 0, 0, 1>": "memory: DEPTH must be at least 1",
        "memory<bool, 1, -1, 1>": "memory: KIND is not 0, 1 or 2",
        "memory<bool, 1, 0, 0>": "memory: DISTANCE must be at least 1",
    }
    lines = ['#include "firebrick/beat.hpp"', '#include "firebrick/memory.hpp"']
    lines += [f"template struct firebrick::{part};" for part in parts]
    said = refusal("\n".join(lines) + "\n", command())
    for message in parts.values():
        assert f"static assertion failed: {message}" in said


@pytest.mark.parametrize("kind", ENGINES)
def test_every_rule_is_tried(kind: str) -> None:
    text = "".join(path.read_text() for path in (INCLUDE / "firebrick").glob(f"{kind}*.hpp"))
    stated = re.findall(r'"\w+: ([^"]+)"\);', text)
    tried = [message for _, message in refused(kind).rules]
    assert stated
    assert [x for x in stated if not any(message in x for message in tried)] == []
