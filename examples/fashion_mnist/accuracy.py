# SPDX-License-Identifier: Apache-2.0
"""Accuracy on Fashion-MNIST, three ways: python accuracy.py fashion_q.onnx.

The float network in onnxruntime; the integer ONNX file in onnxruntime; the hardware's definition,
every operator's `golden()` in NumPy. The last two must agree in every logit of every photograph:
exit status 1 if they do not.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import fashion
import numpy as np
from numpy.typing import NDArray

from firebrick import frontend, images
from firebrick.errors import FirebrickError
from firebrick.onnx_runtime import onnxruntime
from firebrick.quantize.integer_onnx import load

ROOT = Path(__file__).resolve().parents[2]
FLOAT = ROOT / "models" / "fashion_fire.onnx"
BATCH = 250


@dataclass(frozen=True)
class Accuracy:
    """What came out.

    Attributes:
        photographs: that were classified.
        float_right: by the float network, in onnxruntime.
        quantized_right: by the integer ONNX file, in onnxruntime.
        hardware_right: by the operators' `golden()`.
        logits: compared between the latter two.
        differing: of these.
        same_class: photographs of which float and quantized say the same.
    """

    photographs: int
    float_right: int
    quantized_right: int
    hardware_right: int
    logits: int
    differing: int
    same_class: int


def measure(folder: Path, model: Path, quantized: Path, count: int) -> Accuracy:
    """Classify the first `count` test photographs."""
    grey = fashion.images(folder, fashion.TEST)[:count]
    classes = fashion.labels(folder, fashion.TEST)[:count]
    preprocessing = frontend.load(str(model)).preprocessing
    network = load.read(quantized)
    sessions = [onnxruntime.InferenceSession(str(x)) for x in (model, quantized)]
    totals = np.zeros(6, np.int64)
    for part, labels in _batches(grey, classes):
        pixels = fashion.rgb(part)
        real = _logits(sessions[0], images.to_float(pixels, preprocessing))
        integer = _logits(sessions[1], pixels)
        golden = network.golden(pixels.astype(np.int64))[network.output].reshape(len(part), -1)
        guesses = [x.argmax(1) for x in (real, integer, golden)]
        totals += [
            *((x == labels).sum() for x in guesses),
            golden.size,
            (golden != integer).sum(),
            (guesses[0] == guesses[1]).sum(),
        ]
    return Accuracy(len(grey), *(int(x) for x in totals))


def _batches(
    grey: NDArray[np.uint8], classes: NDArray[np.uint8]
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    for start in range(0, len(grey), BATCH):
        yield grey[start : start + BATCH], classes[start : start + BATCH]


def _logits(session: onnxruntime.InferenceSession, values: NDArray[np.generic]) -> NDArray:
    (output,) = session.run(None, {session.get_inputs()[0].name: values})
    return output.reshape(len(values), -1)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("quantized", type=Path, help="integer ONNX file, made by `quantize`")
    parser.add_argument("--model", type=Path, default=FLOAT, help="float ONNX file it was made of")
    data = fashion.default_folder()
    parser.add_argument("--data", type=Path, default=data, help="folder of the data set")
    parser.add_argument("--images", type=int, default=10_000, help="test photographs, at most")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    found = measure(given.data, given.model, given.quantized, given.images)
    if given.json:
        print(json.dumps(asdict(found)))
    else:
        rows = ("float_right", "quantized_right", "hardware_right")
        titles = ("float", "quantized, onnxruntime", "hardware reference, NumPy")
        for title, row in zip(titles, rows, strict=True):
            right = getattr(found, row)
            print(
                f"{title:<28}{right / found.photographs:7.2%}  {right:,} of {found.photographs:,}"
            )
        print(f"logits that differ between the latter two: {found.differing:,} of {found.logits:,}")
    return int(found.differing > 0)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError, FirebrickError) as error:
        print(f"{Path(__file__).name}: {error}", file=sys.stderr)
        sys.exit(2)
