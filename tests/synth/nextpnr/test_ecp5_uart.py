# SPDX-License-Identifier: Apache-2.0
"""The serial line around a network: bytes in, logits out, and what disturbs it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from uart_host import HERE, Step, line_bytes, talk

from firebrick.data import data_folder
from firebrick.synth.nextpnr.top import CHANNELS, UART_TOP, Geometry, uart_sources, uart_top
from firebrick.verify.simulation import verilator

CLOCKS = 16
SMALL = Geometry(height=3, width=5, pixels=2, beats=9, classes=3, logit_bits=18)


def expected(image: np.ndarray) -> list[int]:
    """What `shell_network.sv` computes."""
    values = image.transpose(1, 2, 0).reshape(-1).astype(np.int64)
    place = np.arange(values.size)
    weights = [(7 * place + 5 * k) % 11 - 5 for k in range(SMALL.classes)]
    return [int(values @ x) for x in weights]


def images(seed: int, count: int) -> list[np.ndarray]:
    shape = (count, CHANNELS, SMALL.height, SMALL.width)
    return list(np.random.default_rng(seed).integers(0, 256, shape))


@pytest.fixture(scope="module")
def bench(build_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The top, with a stand-in for the network."""
    text = uart_top(SMALL, CLOCKS).replace("firebrick_network u_", "shell_network u_")
    top = tmp_path_factory.mktemp("uart") / f"{UART_TOP}.sv"
    top.write_text(text)
    plumbing = [x for x in data_folder("hw").rglob("*.sv") if x.stem in ("fifo", "ram")]
    sources = [*plumbing, *uart_sources(), HERE / "shell_network.sv", top, HERE / "uart_bench.sv"]
    return verilator.build(sources, "uart_bench", build_root, extra=("-Wno-WIDTH",))


def step(image: np.ndarray | None = None, **changes: object) -> Step:
    data = b"" if image is None else line_bytes(image)
    plain = Step(CLOCKS, data, 4 * SMALL.classes if data else 0)
    return replace(plain, **changes)


def test_images_are_answered_whatever_the_hosts_clock(bench: Path, tmp_path: Path) -> None:
    first, *others = images(1, 5)
    skews = (1.03, 0.97, 1.0, 1.0)
    steps = [step(first, pause=11)]
    steps += [step(x, skew=skew) for x, skew in zip(others, skews, strict=True)]
    answers = talk(bench, tmp_path, steps)
    assert [x.logits for x in answers] == [expected(x) for x in (first, *others)]
    assert not any(x.error for x in answers)
    assert any(n < 0 for x in answers for n in x.logits)


def test_a_break_drops_what_was_sent_and_the_next_image_is_right(
    bench: Path, tmp_path: Path
) -> None:
    cut, image, again = images(2, 3)
    half = line_bytes(cut)[: len(line_bytes(cut)) // 2]
    steps = [
        step(image, pause=11),
        step(send=half, patience_bits=50),
        step(image, break_bits=15, pause=11),
        # A byte that a break cuts off, and a line that rests low for long.
        step(send=half[:1], patience_bits=0),
        step(again, break_bits=300, pause=11),
        # No pause behind the break: whatever follows is dropped until there is one.
        step(image, break_bits=15, patience_bits=100),
        step(again, pause=11),
    ]
    answers = talk(bench, tmp_path, steps)
    good = {0: image, 2: image, 4: again, 6: again}
    assert {n: answers[n].logits for n in good} == {n: expected(x) for n, x in good.items()}
    assert [x.error for x in answers] == [False, False, False, False, False, True, False]
    assert answers[5].data == b""


def test_glitches_are_no_bytes(bench: Path, tmp_path: Path) -> None:
    (image,) = images(3, 1)
    glitch = step(break_bits=0.3, pause=11, patience_bits=20)
    answers = talk(bench, tmp_path, [step(image, pause=11), glitch, step(image)])
    assert [x.logits for x in (answers[0], answers[2])] == [expected(image)] * 2
    assert not answers[1].error


SLOW = 45 * 10 * CLOCKS
"""Cycles of an image on the line."""
PATIENCE = SMALL.beats * 450 + 1000


def test_a_slow_network_is_waited_for(bench: Path, tmp_path: Path) -> None:
    # A beat takes as long as an image on the line: the buffer holds the others.
    chosen = images(4, 2)
    steps = [step(x, pause=11, stall=SLOW, patience_bits=PATIENCE) for x in chosen]
    assert [x.logits for x in talk(bench, tmp_path, steps)] == [expected(x) for x in chosen]


def test_bytes_that_come_too_soon_are_an_error_and_the_next_image_is_right(
    bench: Path, tmp_path: Path
) -> None:
    first, second, third = images(5, 3)
    flood = line_bytes(first) + line_bytes(second) * 2
    lost = step(send=flood, pause=11, stall=SLOW, answer=12, patience_bits=PATIENCE)
    answers = talk(bench, tmp_path, [lost, step(third, patience_bits=PATIENCE)])
    assert (answers[0].data, answers[0].error) == (b"", True)
    assert (answers[1].logits, answers[1].error) == (expected(third), False)


def test_answer_is_sign_extended_little_endian(bench: Path, tmp_path: Path) -> None:
    dark = np.zeros((CHANNELS, SMALL.height, SMALL.width), np.int64)
    dark[0, 0, 0] = 255
    (answer,) = talk(bench, tmp_path, [step(dark, pause=11)])
    assert answer.data == b"".join((255 * x).to_bytes(4, "little", signed=True) for x in (-5, 0, 5))


def test_top_holds_instances_and_wires_only() -> None:
    text = uart_top(SMALL, CLOCKS)
    assert "always" not in text
    assert "assign" not in text
    assert text.count("u_") == 2
    assert "BUFFER(9)" in text
