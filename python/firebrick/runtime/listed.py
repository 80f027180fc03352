# SPDX-License-Identifier: Apache-2.0
"""The files that a bundle lists: whoever takes a byte of one takes it through here, hashed.

What is checked and what is used are the same bytes: a file may be exchanged at any time, also
between two looks at it.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from firebrick.runtime.bundle_files import CHUNK, MAX_FILE_BYTES, MAX_TOTAL_BYTES, opened
from firebrick.runtime.errors import BundleError

PICTURES = (".jpeg", ".jpg", ".npy", ".png", ".webp")
"""Photographs and arrays may lie beside the listed files: no program is loaded from such a name."""
TRACES = frozenset({".DS_Store", ".ipynb_checkpoints", "Thumbs.db"})
"""What Jupyter and desktops leave where they have been; nothing loads a program from there."""


@dataclass(frozen=True)
class Listed:
    """The listed files of a folder.

    Attributes:
        folder: where they lie.
        sums: SHA-256 by path, see `bundle_files.file_list`.
        changed: what to say of one that is another than listed.
    """

    folder: Path
    sums: Mapping[str, str]
    changed: str = "as listed"

    def chunks(self, name: str, most: int = MAX_FILE_BYTES) -> Iterator[bytes]:
        """The bytes of a file, part by part; none may be used before the end was reached.

        Raises:
            BundleError: when it is not listed, larger than `most` bytes, no file, or another one.
        """
        path = self._path(name)
        sha, size = hashlib.sha256(), 0
        with opened(self.folder, name) as stream:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > most:
                    raise BundleError(f"{path}: more than {most} bytes")
                sha.update(chunk)
                yield chunk
        if sha.hexdigest() != self.sums[name]:
            raise BundleError(
                f"{path}: SHA-256 {sha.hexdigest()} is not {self.sums[name]}, {self.changed}"
            )

    def _path(self, name: str) -> Path:
        if name not in self.sums:
            raise BundleError(f"{self.folder / name}: is not in this bundle")
        return self.folder / name

    def read(self, name: str, most: int = MAX_FILE_BYTES) -> bytes:
        """All bytes of a file; see `chunks`."""
        return b"".join(self.chunks(name, most))

    @contextmanager
    def copies(self, names: Iterable[str]) -> Iterator[Path]:
        """Copy files into a new folder of mode 0700 that goes with the block.

        For what takes a path, not bytes: compilers and drivers. They see these files alone, so
        nothing that lies beside the listed ones is taken for a part of them.

        Raises:
            BundleError: see `chunks`, or when there is no room for them.
        """
        with tempfile.TemporaryDirectory(prefix="firebrick-") as scratch:
            for name in names:
                source, path = self._path(name), Path(scratch, name)
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with path.open("xb") as stream:
                        for chunk in self.chunks(name):
                            stream.write(chunk)
                except OSError as error:
                    raise BundleError(
                        f"{source}: cannot be copied to {scratch}: {error.strerror}"
                    ) from None
            yield Path(scratch)

    def check(self, *besides: str) -> None:
        """Compare every file with its checksum, and see that nothing else lies there.

        Args:
            besides: files that are there without being listed.

        Raises:
            BundleError: naming the first file that is missing, a link, too large, another one, or
                not listed.
        """
        total = 0
        for name in self.sums:
            for chunk in self.chunks(name):
                total += len(chunk)
                if total > MAX_TOTAL_BYTES:
                    raise BundleError(
                        f"{self.folder}: files have more than {MAX_TOTAL_BYTES} bytes"
                    )
        self._check_others({*self.sums, *besides})

    def _check_others(self, names: set[str]) -> None:
        """Refuse what is not listed: a program could take it for its own by its name."""
        folders = {x for name in names for x in PurePosixPath(name).parents}
        for inner in sorted(folders):
            with os.scandir(self.folder / inner) as entries:
                found = {x.name: x.is_dir(follow_symlinks=False) for x in entries}
            for name, is_folder in sorted(found.items()):
                place = inner / name
                known = place in folders if is_folder else str(place) in names
                if not known and not (inner == PurePosixPath() and harmless(name)):
                    shown = repr(str(place))[1:-1]  # a name may hold orders to a terminal
                    raise BundleError(
                        f"{self.folder}/{shown[:200]}: is not one of the bundle's files: "
                        "take it out"
                    )


def harmless(name: str) -> bool:
    """Whether something of that name may lie in a bundle's folder without being listed."""
    return name in TRACES or name.lower().endswith(PICTURES)
