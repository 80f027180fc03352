# SPDX-License-Identifier: Apache-2.0
"""Images of known classes: a folder a class, a CSV file, or an .npz file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firebrick import images, inputs
from firebrick.arrays import is_array, read_array
from firebrick.checked.documents import read_text
from firebrick.errors import FirebrickError
from firebrick.evaluate.npz import read_npz
from firebrick.images import PixelArray
from firebrick.preprocessing import RAW, Preprocessing
from firebrick.samples.arrays import Reach
from firebrick.samples.draw import list_images

COLUMNS = ("file", "class")
"""Of a CSV file; others are passed over."""
MAX_CSV = 128 << 20
"""Largest CSV file, bytes."""
PASSED_OVER = (".", "__MACOSX")
"""Folders that begin so are of no class: what programs leave."""
SEED = 0
"""Of the draw of a part of the images."""


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Images and what each of them shows.

    Attributes:
        place: where they come from, to begin messages with.
        classes: of each image: a name, or the index of a logit.
        names: of all classes, those without images included, in order; empty if they are indices.
        sources: of each image: its file, or itself as `Preprocessing.of_arrays` or a photograph.
    """

    place: str
    classes: Sequence[str] | NDArray[np.int64]
    names: tuple[str, ...]
    sources: Sequence[Path] | NDArray[Any]

    def __len__(self) -> int:
        """Number of images."""
        return len(self.sources)

    def drawn(self, most: int | None) -> Labelled:
        """At most so many, evenly from all classes, always the same ones, in their order."""
        if most is None or most >= len(self):
            return self
        rng = np.random.default_rng(SEED)
        shuffled = rng.permutation(len(self))
        numbers = {name: n for n, name in enumerate(sorted(set(self.classes)))}
        kinds = np.array([numbers[x] for x in self.classes])[shuffled]
        order = np.argsort(kinds, kind="stable")
        starts = np.searchsorted(kinds[order], kinds[order])
        turn = np.empty(len(self), np.int64)
        turn[order] = np.arange(len(self)) - starts
        chosen = np.sort(shuffled[np.argsort(turn, kind="stable")[:most]])
        return Labelled(
            self.place, _taken(self.classes, chosen), self.names, _taken(self.sources, chosen)
        )

    def pixels(
        self, how: Preprocessing, height: int, width: int, chunk: int, workers: int
    ) -> Iterator[PixelArray]:
        """What a network takes, so many images at a time, uint8 (N, C, height, width).

        Args:
            how: preprocessing of the network.
            height: of its image, border included.
            width: of its image, border included.
            chunk: images at a time.
            workers: photographs that are decoded side by side.

        Raises:
            FirebrickError: naming file or place and the rule.
        """
        reach = Reach()
        if isinstance(self.sources, np.ndarray):  # all of it is there: said before any is computed
            for start in range(0, len(self), chunk):
                _reached(reach, self.sources[start : start + chunk], how)
            reach.check(self.place)
        with ThreadPoolExecutor(workers) as pool:
            for start in range(0, len(self), chunk):
                part = self.sources[start : start + chunk]
                if isinstance(part, np.ndarray):
                    yield _of_array(part, how, height, width, self.place)
                    continue
                read = list(pool.map(lambda x: _of_file(x, how, height, width), part))
                for _, array in read:
                    _reached(reach, array, how)
                yield np.concatenate([pixels for pixels, _ in read])
        reach.check(self.place)


def read(data: Path) -> Labelled:
    """Images of known classes.

    Args:
        data: a folder with a folder a class; a ``.csv`` file with the columns `COLUMNS`, whose
            files are found from where it lies; or an ``.npz`` file, see `read_npz`.

    Raises:
        FirebrickError: naming the file or folder and the rule.
    """
    match data.suffix.lower():
        case _ if data.is_dir():
            return _of_folder(data)
        case ".csv" if data.is_file():
            return _of_csv(data)
        case ".npz" if data.is_file():
            found, classes = read_npz(data)
            names = tuple(sorted(set(classes))) if isinstance(classes, list) else ()
            return Labelled(str(data), classes, names, found)
    what = "is no" if data.exists() else "there is no such"
    raise FirebrickError(
        f"{data}: {what} labelled data: give a folder with a folder a class, a .csv file with the "
        f"columns {', '.join(COLUMNS)}, or an .npz file with images and labels"
    )


def _of_folder(folder: Path) -> Labelled:
    paths = list_images(folder)
    parts = [x.relative_to(folder).parts for x in paths]
    loose = next((x[0] for x in parts if len(x) == 1), None)
    if loose is not None:
        raise FirebrickError(
            f"folder {str(folder)!r}: {loose!r} lies in no folder of its class: put each image "
            "into a folder named as its class, or list files and classes in a .csv file"
        )
    kinds = [x for x in folder.iterdir() if x.is_dir() and not x.name.startswith(PASSED_OVER)]
    link = next((x.name for x in kinds if x.is_symlink()), None)
    if link is not None:
        raise FirebrickError(
            f"folder {str(folder)!r}: {link!r} is a link to a folder, which is not followed: list "
            "its files and their class in a .csv file"
        )
    names = sorted(x.name for x in kinds)
    return Labelled(f"folder {str(folder)!r}", [x[0] for x in parts], tuple(names), paths)


def _of_csv(path: Path) -> Labelled:
    text = read_text(path, MAX_CSV).removeprefix("\ufeff")  # which spreadsheets begin with
    rows = csv.DictReader(io.StringIO(text, newline=""))
    classes, paths = [], []
    try:
        heads = list(rows.fieldnames or ())
        doubled = next((x for x in COLUMNS if heads.count(x) > 1), None)
        if doubled is not None:
            raise FirebrickError(f"{path}: line 1: has {heads.count(doubled)} columns {doubled!r}")
        missing = [x for x in COLUMNS if x not in heads]
        if missing:
            raise FirebrickError(
                f"{path}: line 1: has no column {missing[0]!r}: begin with {','.join(COLUMNS)!r}"
            )
        for row in rows:
            file, name = ((row[x] or "").strip() for x in COLUMNS)
            if not file or not name or "\0" in file:
                raise FirebrickError(
                    f"{path}: line {rows.line_num}: file or class is missing or no name"
                )
            classes.append(name)
            paths.append(path.parent / file)
            if len(paths) > images.MAX_TREE:
                raise FirebrickError(f"{path}: files={len(paths)} exceed {images.MAX_TREE}")
    except csv.Error as error:
        raise FirebrickError(f"{path}: line {rows.line_num}: {error}") from None
    if not paths:
        raise FirebrickError(f"{path}: images=0 is less than 1")
    return Labelled(str(path), classes, tuple(sorted(set(classes))), paths)


def _reached(reach: Reach, array: NDArray[Any] | None, how: Preprocessing) -> None:
    """Note how far the floats of an array reach; bytes are pixels already."""
    if array is not None and array.dtype != np.uint8:
        frames = array if array.shape[-1] == len(how.mean) else array[..., None]
        reach.add(array, how.scaled(frames))


def _of_file(
    path: Path, how: Preprocessing, height: int, width: int
) -> tuple[PixelArray, NDArray[Any] | None]:
    """What the network takes of a file, and the array in it, if it holds one."""
    if not path.is_file():  # a name alone could be that of a sample
        raise FirebrickError(f"image {str(path)!r}: no such file")
    array = read_array(path) if is_array(path) else None
    if array is None:
        found = inputs.load(path, how, height, width)
    else:
        found = inputs.channels_first(how.of_arrays(str(path), array, height, width))
    if len(found) != 1:
        raise FirebrickError(f"{path}: images={len(found)} of one class each are given in an .npz")
    return found, array


def _of_array(
    part: NDArray[Any], how: Preprocessing, height: int, width: int, place: str
) -> PixelArray:
    """Arrays of the network's size as they are; other ones as photographs."""
    frames = part[..., None] if part.ndim == 3 else part
    *size, channels = frames.shape[1:]
    photographs = part.dtype == np.uint8 and channels in (1, 3) and how.channels != RAW
    if not photographs or (tuple(size) == how.cut(height, width) and channels == len(how.mean)):
        return inputs.channels_first(how.of_arrays(place, frames, height, width))
    rgb = np.broadcast_to(frames, (*frames.shape[:3], 3)).transpose(0, 3, 1, 2)
    if tuple(size) != how.cut(height, width):
        cut = how.cut(height, width)
        rgb = np.stack([images.centre_crop(x, how.resize, *cut) for x in rgb])
    return images.of_photographs(rgb, how)


def _taken(values: Any, chosen: NDArray[np.int64]) -> Any:
    return values[chosen] if isinstance(values, np.ndarray) else [values[x] for x in chosen]
