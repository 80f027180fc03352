# SPDX-License-Identifier: Apache-2.0
"""Each rule of a kernel's Cfg is checked when it is compiled, with a message that names it."""

from __future__ import annotations

import re

import pytest

from firebrick.ops.base import Engine
from hls_compiler import INCLUDE, command, refusal
from hls_engines import add, avgpool, conv, image, maxpool, regroup
from hls_kernels import Change, instance

RULES: dict[str, tuple[Engine, list[tuple[Change, str]]]] = {
    "add": (
        add(),
        [
            ({"CHANNELS": 0}, "CHANNELS, HEIGHT, WIDTH and COLUMNS must be at least 1"),
            ({"MULTIPLIER1": 65536}, "MULTIPLIER0 or MULTIPLIER1 exceeds 16 bits"),
            ({"SHIFT": 41}, "SHIFT exceeds 40"),
            ({"OUT_BITS": 9}, "out_beat does not have COLUMNS pixels of its BITS"),
        ],
    ),
    "avgpool": (
        avgpool(),
        [
            ({"HEIGHT": 0}, "CHANNELS, HEIGHT, WIDTH and COLUMNS must be at least 1"),
            ({"SUM_BITS": 8}, "SUM_BITS does not exceed BITS"),
            ({"COLUMNS": 4}, "out_beat does not have its pixels of BITS or SUM_BITS"),
            ({"MEMORY_KIND": 3}, "KIND is not 0, 1 or 2"),
        ],
    ),
    "image": (
        image(),
        [
            ({"HEIGHT": 0}, "CHANNELS, HEIGHT, WIDTH and BITS must be at least 1"),
            ({"PIXELS": 0}, "PIXELS and COLUMNS must be at least 1"),
            ({"PIXELS": 3}, "out_beat does not have its pixels of BITS"),
        ],
    ),
    "maxpool": (
        maxpool(),
        [
            ({"STRIDE": 0}, "CHANNELS, COLUMNS, BITS, KERNEL and STRIDE must be at least 1"),
            ({"OUT_WIDTH": 9}, "no windows, or some outside"),
            ({"KERNEL": 4, "OUT_HEIGHT": 4}, "two rows of windows end with the last input row"),
            ({"KERNEL": 4100}, "4,096 pixels or more cannot be registers"),
            ({"BITS": 7}, "out_beat does not have its COLUMNS pixels of BITS"),
        ],
    ),
    "regroup": (
        regroup(),
        [
            ({"WIDTH": 0}, "CHANNELS, HEIGHT, WIDTH and BITS must be at least 1"),
            ({"IN_COLUMNS": 0}, "IN_COLUMNS and OUT_COLUMNS must be at least 1"),
            ({"OUT_COLUMNS": 5}, "out_beat does not have its COLUMNS pixels of BITS"),
            ({"WIDTH": 9000, "OUT_COLUMNS": 4099}, "4,096 units or more cannot be registers"),
        ],
    ),
    "conv": (
        conv(),
        [
            ({"LANES": 0}, "LANES is less than 1"),
            ({"IN_HEIGHT": 0}, "IN_CHANNELS, IN_HEIGHT, IN_WIDTH and IN_BITS must be at least 1"),
            ({"OUT_BITS": 0}, "OUT_CHANNELS, OUT_HEIGHT, OUT_WIDTH and OUT_BITS must be at least"),
            ({"DRAIN": 5}, "DRAIN is not in 1..COLUMNS"),
            ({"PAD": 3}, "PAD is not less than KERNEL"),
            ({"OUT_WIDTH": 20}, "windows of the output lie outside the input"),
            ({"OUT_HEIGHT": 2}, "pixels of the input are not used by the output"),
            ({"KERNEL": 7}, "KERNEL - STRIDE - PAD exceeds the pixels of a beat"),
            ({"RING": 2}, "RING is less than the rows of a window"),
            ({"QUEUE_DEPTH": 1}, "QUEUE_DEPTH is less than 2"),
            ({"FABRIC": 5}, "FABRIC exceeds COLUMNS"),
            ({"DUAL": 1, "IN_SIGNED": 1}, "DUAL wants unsigned pixels"),
            ({"DUAL": 1, "VALUE_BITS": 9}, "DUAL wants products of 16 bits"),
            ({"PACK": 0}, "PACK is less than 1"),
            ({"SHIFT": 41}, "SHIFT is not in 0..40"),
            ({"LANES": 4096}, "more than 4,096 elements cannot be registers"),
            ({"IN_BITS": 7}, "out_beat does not have its pixels and bits"),
        ],
    ),
}
"""For each kernel a good engine, changes to its Cfg, and what is said about them."""


@pytest.mark.parametrize("kind", RULES)
def test_broken_rule_is_named_by_the_compiler(kind: str) -> None:
    engine, rules = RULES[kind]
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


@pytest.mark.parametrize("kind", RULES)
def test_every_rule_is_tried(kind: str) -> None:
    text = "".join(path.read_text() for path in (INCLUDE / "firebrick").glob(f"{kind}*.hpp"))
    stated = re.findall(r'"\w+: ([^"]+)"\);', text)
    tried = [message for _, message in RULES[kind][1]]
    assert stated
    assert [x for x in stated if not any(message in x for message in tried)] == []
