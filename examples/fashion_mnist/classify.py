# SPDX-License-Identifier: Apache-2.0
"""Classify Fashion-MNIST on a board: python classify.py /dev/ttyUSB0 fashion_q.onnx.

Sends test photographs to `firebrick_uart` over a serial line, and compares each logit that comes
back with the reference in NumPy: exit status 1 if one differs.
"""

from __future__ import annotations

import argparse
import os
import select
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fashion
import numpy as np
from numpy.typing import NDArray

from firebrick.errors import FirebrickError
from firebrick.quantize.integer_onnx import load

BAUD = 1_000_000
PATIENCE = 5.0
"""Seconds to wait for an answer."""
PAUSE = 0.01
"""Seconds after a break: the line must rest for 10 bits."""


@contextmanager
def serial_line(port: Path, baud: int) -> Iterator[int]:
    """A serial port as a file descriptor: raw bytes, 8N1, and a break sent, which resets the board.

    Raises:
        OSError: when it is none, or does not go as fast.
    """
    speed = getattr(termios, f"B{baud}", None)
    if speed is None:
        raise OSError(f"{port}: {baud} baud is no speed that this machine knows")
    line = os.open(port, os.O_RDWR | os.O_NOCTTY)
    try:
        tty.setraw(line)
        settings = termios.tcgetattr(line)
        settings[4] = settings[5] = speed
        termios.tcsetattr(line, termios.TCSANOW, settings)
        termios.tcsendbreak(line, 0)
        time.sleep(PAUSE)
        termios.tcflush(line, termios.TCIFLUSH)
        yield line
    except termios.error as error:
        raise OSError(f"{port}: is no serial port: {error}") from None
    finally:
        os.close(line)


def ask(line: int, pixels: NDArray[np.uint8], classes: int) -> NDArray[np.int64]:
    """Logits of one image (3, H, W).

    Raises:
        TimeoutError: when they do not come.
    """
    data = np.ascontiguousarray(pixels.transpose(1, 2, 0)).tobytes()
    while data:
        data = data[os.write(line, data) :]
    answer = b""
    while len(answer) < 4 * classes:
        ready, _, _ = select.select([line], [], [], PATIENCE)
        if not ready:
            raise TimeoutError(f"{len(answer)} of {4 * classes} bytes came in {PATIENCE} seconds")
        answer += os.read(line, 4 * classes - len(answer))
    return np.frombuffer(answer, "<i4").astype(np.int64)


def main() -> int:
    """Send, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("port", type=Path, help="serial port of the board")
    parser.add_argument("quantized", type=Path, help="integer ONNX file that the board computes")
    data = fashion.default_folder()
    parser.add_argument("--data", type=Path, default=data, help="folder of the data set")
    parser.add_argument("--images", type=int, default=20, help="test photographs, at most")
    parser.add_argument("--baud", type=int, default=BAUD)
    given = parser.parse_args()
    network = load.read(given.quantized)
    grey = fashion.images(given.data, fashion.TEST)[: given.images]
    labels = fashion.labels(given.data, fashion.TEST)[: given.images]
    pixels = fashion.rgb(grey)
    golden = network.golden(pixels.astype(np.int64))[network.output].reshape(len(grey), -1)
    right = differing = 0
    with serial_line(given.port, given.baud) as line:
        for image, expected, label in zip(pixels, golden, labels, strict=True):
            start = time.perf_counter()
            logits = ask(line, image, len(expected))
            milliseconds = 1000 * (time.perf_counter() - start)
            guess = int(logits.argmax())
            right += guess == label
            differing += int((logits != expected).sum())
            names = fashion.LABELS[guess], fashion.LABELS[label]
            print(f"{names[0]:<12}is {names[1]:<12}{milliseconds:7.1f} ms")
    print(f"{right} of {len(grey)} right, {differing} of {golden.size} logits differ")
    return int(differing > 0)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError, FirebrickError) as error:
        print(f"{Path(__file__).name}: {error}", file=sys.stderr)
        sys.exit(2)
