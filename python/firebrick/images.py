# SPDX-License-Identifier: Apache-2.0
"""Photographs: reading them safely, cutting them to size, and the samples that packages carry.

A photograph is a uint8 array (3, H, W) in RGB order throughout Firebrick; what a network takes of
it is (C, H, W).
"""

from __future__ import annotations

import importlib.util
import os
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from firebrick.errors import FirebrickError
from firebrick.ir.graph import FloatArray
from firebrick.pixels import TooLarge, decode
from firebrick.preprocessing import Preprocessing

PixelArray = NDArray[np.uint8]

GIVE = "give an image file, an .npy array, or a sample, such as chelsea, coffee or rocket"
MAX_BYTES = 64 << 20
"""Largest image file, bytes."""
MAX_PIXELS = 50_000_000
"""Most pixels of an image, before it is decoded."""
MAX_MEMORY = 600 << 20
"""Most memory that decoding an image may take, bytes."""
MAX_SIDE = 1024
"""Longest side of a photograph that is kept whole; a larger one is shrunk."""
MAX_KEPT = 1 << 28
"""Most values of the photographs of a folder, which are kept."""
MAX_TREE = 2_000_000
"""Most files of a folder and those within: ImageNet has 1.3 million."""
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""Formats whose decoders run no outside program (as EPS would) and stay within memory."""

SAMPLES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "astronaut": ("skimage", "data/astronaut.png"),
        "camera": ("skimage", "data/camera.png"),
        "chelsea": ("skimage", "data/chelsea.png"),
        "coffee": ("skimage", "data/coffee.png"),
        "coins": ("skimage", "data/coins.png"),
        "hubble": ("skimage", "data/hubble_deep_field.jpg"),
        "motorcycle": ("skimage", "data/motorcycle_left.png"),
        "rocket": ("skimage", "data/rocket.jpg"),
        "china": ("sklearn", "datasets/images/china.jpg"),
        "flower": ("sklearn", "datasets/images/flower.jpg"),
        "mastiff": ("foolbox", "data/imagenet_00_243.jpg"),
        "chairs": ("foolbox", "data/imagenet_01_559.jpg"),
        "beaker": ("foolbox", "data/imagenet_02_438.jpg"),
        "buckeye": ("foolbox", "data/imagenet_03_990.jpg"),
        "strawberries": ("foolbox", "data/imagenet_04_949.jpg"),
        "cottage": ("foolbox", "data/imagenet_05_853.jpg"),
        "jeep": ("foolbox", "data/imagenet_06_609.jpg"),
        "rover": ("foolbox", "data/imagenet_07_609.jpg"),
        "yurt": ("foolbox", "data/imagenet_08_915.jpg"),
        "bottlecap": ("foolbox", "data/imagenet_09_455.jpg"),
        "drum": ("foolbox", "data/imagenet_10_541.jpg"),
        "shoe": ("foolbox", "data/imagenet_11_630.jpg"),
        "window": ("foolbox", "data/imagenet_12_741.jpg"),
        "cannon": ("foolbox", "data/imagenet_13_471.jpg"),
        "cranes": ("foolbox", "data/imagenet_14_129.jpg"),
        "geese": ("foolbox", "data/imagenet_15_99.jpg"),
        "dalmatian": ("foolbox", "data/imagenet_16_251.jpg"),
        "eagle": ("foolbox", "data/imagenet_17_22.jpg"),
        "leafhopper": ("foolbox", "data/imagenet_18_317.jpg"),
        "beetle": ("foolbox", "data/imagenet_19_305.jpg"),
    }
)
"""Sample photographs: name -> package that carries the file, and the file's path in it."""

CALIBRATION = (
    *("astronaut", "motorcycle", "china", "mastiff", "chairs", "beaker", "buckeye", "strawberries"),
    *("cottage", "jeep", "rover", "yurt", "bottlecap", "drum", "shoe", "window", "cannon"),
)
"""Samples that quantization calibrates on unless told otherwise."""

EVALUATION = (
    *("chelsea", "coffee", "rocket", "flower"),
    *("cranes", "geese", "dalmatian", "eagle", "leafhopper", "beetle"),
)
"""Samples that quality is measured on; none of them is ever calibrated on."""


def sample_path(name: str) -> Path | None:
    """File of a sample photograph, or None if there is no such sample or its package is absent."""
    if name not in SAMPLES:
        return None
    package, file = SAMPLES[name]
    spec = importlib.util.find_spec(package)  # finds the folder without running the package
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0]) / file
    return path if path.is_file() else None


def resolve(source: str | Path) -> Path:
    """Path of an image given as a file or as the name of a sample.

    Raises:
        FirebrickError: there is neither.
    """
    path = Path(source)
    if path.is_file():
        return path
    sample = sample_path(str(source))
    if sample is None:
        if str(source) in SAMPLES:
            package = SAMPLES[str(source)][0]
            raise FirebrickError(f"image {str(source)!r}: its package {package!r} is not installed")
        what = "is a folder" if path.is_dir() else "no such file, nor a sample photograph"
        raise FirebrickError(f"image {str(source)!r}: {what}: {GIVE}")
    return sample


def load_samples(names: Iterable[str]) -> list[PixelArray]:
    """Those of the named samples whose packages are installed, whole.

    Raises:
        FirebrickError: if none is there.
    """
    paths = [path for name in names if (path := sample_path(name)) is not None]
    if not paths:
        raise FirebrickError("photographs: no package with sample photographs is installed")
    return [load_photograph(path) for path in paths]


def list_tree(folder: Path, most: int = MAX_TREE) -> list[Path]:
    """Files of a folder and of the folders within, in order of path.

    Hidden ones are passed over, and links to folders, which could lead in a circle.

    Raises:
        FirebrickError: a folder cannot be read, or there are no or too many files.
    """

    def refuse(error: OSError) -> None:
        raise FirebrickError(f"folder {str(error.filename)!r}: cannot be read: {error.strerror}")

    found: list[Path] = []
    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(x for x in folders if not x.startswith("."))
        paths = (Path(place, x) for x in names if not x.startswith("."))
        found += [x for x in paths if x.is_file()]
        if len(found) > most:
            raise FirebrickError(f"folder {str(folder)!r}: files={len(found)} exceed {most}")
    if not found:
        raise FirebrickError(f"folder {str(folder)!r}: files=0 is less than 1")
    return sorted(found)


def load_photograph(source: str | Path) -> PixelArray:
    """A whole photograph, at most `MAX_SIDE` pixels on its longest side.

    Raises:
        FirebrickError: naming the file and the rule.
    """
    image = _open(resolve(source))
    scale = MAX_SIDE / max(image.size)
    if scale < 1:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.BICUBIC)
    return _to_array(image)


def load_pixels(source: str | Path, resize: int, height: int, width: int) -> PixelArray:
    """What is cut out of a photograph: shorter side resized to `resize`, centre cut out.

    Args:
        source: image file or name of a sample.
        resize: shorter side after resizing, pixels.
        height: of the result.
        width: of the result.

    Returns:
        uint8 (3, height, width), RGB.

    Raises:
        FirebrickError: naming the file and the rule.
    """
    return _to_array(_centre(_open(resolve(source)), resize, height, width))


def centre_crop(photograph: PixelArray, resize: int, height: int, width: int) -> PixelArray:
    """As `load_pixels`, from a photograph in memory."""
    image = Image.fromarray(np.ascontiguousarray(photograph.transpose(1, 2, 0)))
    return _to_array(_centre(image, resize, height, width))


def of_photographs(rgb: PixelArray, how: Preprocessing) -> PixelArray:
    """`Preprocessing.of_photographs`, channels first: (N, 3, H, W) to (N, C, H, W)."""
    pixels = how.of_photographs(rgb.transpose(0, 2, 3, 1))
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))


def framed(pixels: PixelArray, how: Preprocessing) -> PixelArray:
    """`Preprocessing.framed`, channels first: (N, C, H, W)."""
    bordered = how.framed(pixels.transpose(0, 2, 3, 1))
    return np.ascontiguousarray(bordered.transpose(0, 3, 1, 2))


def to_float(pixels: PixelArray, preprocessing: Preprocessing) -> FloatArray:
    """What the float network eats: channels in its order, (pixel - mean) / std.

    Args:
        pixels: uint8 (N, C, H, W), RGB, without border.
        preprocessing: channel order, mean and std are used.
    """
    ordered = pixels[:, ::-1] if preprocessing.channels == "BGR" else pixels
    mean = np.asarray(preprocessing.mean, np.float32)[:, None, None]
    std = np.asarray(preprocessing.std, np.float32)[:, None, None]
    return np.asarray((ordered.astype(np.float32) - mean) / std, np.float32)


def _centre(image: Image.Image, resize: int, height: int, width: int) -> Image.Image:
    """Resize and crop in one step, so that a long thin image never becomes a huge one."""
    if resize < max(height, width):
        raise FirebrickError(
            f"preprocessing: resize={resize} is less than the input, {height}x{width}"
        )
    unit = min(image.size) / resize
    left = (image.width - width * unit) / 2
    top = (image.height - height * unit) / 2
    box = (left, top, left + width * unit, top + height * unit)
    return image.resize((width, height), Image.Resampling.BICUBIC, box=box)


def _to_array(image: Image.Image) -> PixelArray:
    return np.ascontiguousarray(np.asarray(image, np.uint8).transpose(2, 0, 1))


def _open(path: Path) -> Image.Image:
    """Decode an untrusted file to RGB, upright."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise FirebrickError(f"image {str(path)!r}: bytes={size} exceeds {MAX_BYTES}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own, larger limit on pixels
            image = Image.open(path, formats=FORMATS)
        pixels = image.width * image.height
        if not 0 < pixels <= MAX_PIXELS:
            raise FirebrickError(f"image {str(path)!r}: pixels={pixels} exceeds {MAX_PIXELS}")
        return decode(image, MAX_MEMORY)
    except TooLarge as error:
        raise FirebrickError(f"image {str(path)!r}: {error}") from None
    except FirebrickError:
        raise
    except Exception as error:  # decoders raise anything on damaged files
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FirebrickError(f"image {str(path)!r}: cannot be read as an image: {reason}") from None
