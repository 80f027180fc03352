# SPDX-License-Identifier: Apache-2.0
"""What a host says over the serial line in simulation, and what it is answered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from firebrick.hardware.tensor import IntArray
from firebrick.verify.simulation import cocotb_run

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Step:
    """One thing a host does: a break, a pause, bytes, then it waits for an answer.

    Attributes:
        clocks: cycles of a bit that the hardware was built for.
        send: bytes.
        answer: bytes to wait for, at most.
        pause: bits to wait before sending; the first byte after a reset needs 11.
        break_bits: bits of a break before that.
        skew: bits of the host are so much longer.
        patience_bits: bits to wait for the answer.
        stall: cycles that `shell_network.sv` takes for a beat; of the first step.
    """

    clocks: int
    send: bytes
    answer: int
    pause: float = 0.0
    break_bits: float = 0.0
    skew: float = 1.0
    patience_bits: int = 1000
    stall: int | None = None

    def fields(self) -> dict[str, object]:
        return {
            "clocks": self.clocks,
            "send": self.send.hex(),
            "answer": self.answer,
            "pause": self.pause,
            "break": self.break_bits,
            "skew": self.skew,
            "patience_bits": self.patience_bits,
            **({} if self.stall is None else {"stall": self.stall}),
        }


@dataclass(frozen=True)
class Answer:
    """What came back, and whether the error light was on."""

    data: bytes
    error: bool

    @property
    def logits(self) -> list[int]:
        return np.frombuffer(self.data, "<i4").tolist()


def talk(binary: Path, workdir: Path, steps: Sequence[Step]) -> list[Answer]:
    """Run a compiled `uart_bench`."""
    workdir.mkdir(parents=True, exist_ok=True)
    (workdir / "script.json").write_text(json.dumps([x.fields() for x in steps]))
    cocotb_run.run(binary, workdir, "uart_line", python_path=(HERE,))
    answers = json.loads((workdir / "answer.json").read_text())
    return [Answer(bytes.fromhex(x["bytes"]), bool(x["error"])) for x in answers]


def line_bytes(image: IntArray) -> bytes:
    """An image (C, H, W) as it travels: pixel by pixel, channels together."""
    return np.ascontiguousarray(image.transpose(1, 2, 0).astype(np.uint8)).tobytes()
