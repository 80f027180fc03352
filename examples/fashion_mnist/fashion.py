# SPDX-License-Identifier: Apache-2.0
"""Fashion-MNIST: 28x28 grey photographs of ten kinds of clothing, 60,000 and 10,000 of them.

python fashion.py -o test.npz writes the 10,000, to test on, for `firebrick evaluate`.

Debian's package `dataset-fashion-mnist` puts the four files into the first of `FOLDERS`;
`apt-get download` and `dpkg -x` put them anywhere, such as into the second.
"""

from __future__ import annotations

import argparse
import gzip
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from firebrick.errors import FirebrickError
from firebrick.files.output import whole_file

INSTALLED = Path("/usr/share/datasets/fashion-mnist")
FOLDERS = (
    INSTALLED,
    Path(__file__).resolve().parents[2] / "build" / "fashion-mnist" / INSTALLED.relative_to("/"),
)
LABELS = (
    *("T-shirt", "trouser", "pullover", "dress", "coat"),
    *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
)
SIDE = 28
TRAIN, TEST = "train", "t10k"
IMAGES = 60_000
"""Most images of a file."""
IMAGE_MAGIC, LABEL_MAGIC = 2051, 2049


def default_folder() -> Path:
    """The first of `FOLDERS` that is there; the first of all if none is."""
    return next((x for x in FOLDERS if x.is_dir()), INSTALLED)


def images(folder: Path, part: str) -> NDArray[np.uint8]:
    """Photographs of a part, `TRAIN` or `TEST`: uint8 (N, 28, 28).

    Raises:
        OSError: when the file cannot be read.
        ValueError: when it is no such file.
    """
    header, values = _read(folder / f"{part}-images-idx3-ubyte.gz", IMAGE_MAGIC, 4, SIDE * SIDE)
    if header[2:] != [SIDE, SIDE]:
        raise ValueError(f"{folder}: {part}: images of {header[2:]} pixels are not {SIDE}x{SIDE}")
    return values.reshape(header[1], SIDE, SIDE)


def labels(folder: Path, part: str) -> NDArray[np.uint8]:
    """Classes of a part, indices of `LABELS`: uint8 (N,).

    Raises:
        OSError: when the file cannot be read.
        ValueError: when it is no such file.
    """
    return _read(folder / f"{part}-labels-idx1-ubyte.gz", LABEL_MAGIC, 2, 1)[1]


def rgb(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Photographs as Firebrick takes them, grey as three equal channels: (N, 3, 28, 28)."""
    return np.repeat(grey[:, None], 3, axis=1)


def _read(path: Path, magic: int, words: int, size: int) -> tuple[list[int], NDArray[np.uint8]]:
    """Header, a few big-endian words, and bytes of an IDX file."""
    with gzip.open(path) as file:
        data = np.frombuffer(file.read(4 * words + IMAGES * size + 1), np.uint8)
    header = [int(x) for x in data[: len(data) // 4 * 4][: 4 * words].view(">u4")]
    if len(header) < words or header[0] != magic or len(data) != 4 * words + header[1] * size:
        raise ValueError(f"{path}: is no IDX file of {magic}, or cut off")
    return header, data[4 * words :]


def main() -> None:
    """Write the test photographs and their classes as `firebrick evaluate` takes them."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True, help=".npz file to write")
    data = default_folder()
    parser.add_argument("--data", type=Path, default=data, help="folder of the data set")
    given = parser.parse_args()
    if not given.data.is_dir():
        raise FileNotFoundError(
            f"{given.data}: no such folder: install Debian's package dataset-fashion-mnist, or "
            "`apt-get download dataset-fashion-mnist` and `dpkg -x dataset-fashion-mnist_*.deb "
            f"{FOLDERS[1].parents[3]}`; or give --data"
        )
    arrays = {"images": images(given.data, TEST), "labels": labels(given.data, TEST)}
    with whole_file(given.output) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError, FirebrickError) as error:
        print(f"{Path(__file__).name}: {error}", file=sys.stderr)
        sys.exit(2)
