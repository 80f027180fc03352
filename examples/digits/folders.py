# SPDX-License-Identifier: Apache-2.0
"""Write scikit-learn's handwritten digits as a user has images: python folders.py digits.

A folder a class below `digits/train` and `digits/test`, 8x8 grey PNG files in each.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

HELD_OUT = 360
"""The last of the data set, which no step but evaluation sees."""


def main() -> None:
    """Write the images; grey runs from 0 to 16 there, from 0 to 255 in a PNG file."""
    folder, digits = Path(sys.argv[1]), load_digits()
    pixels = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    first_held_out = len(pixels) - HELD_OUT
    for index, (image, digit) in enumerate(zip(pixels, digits.target, strict=True)):
        part = "train" if index < first_held_out else "test"
        path = folder / part / str(digit) / f"{index:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    print(f"{first_held_out} images in {folder / 'train'}, {HELD_OUT} in {folder / 'test'}")


if __name__ == "__main__":
    main()
