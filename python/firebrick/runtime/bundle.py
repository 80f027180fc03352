# SPDX-License-Identifier: Apache-2.0
"""A bundle: the folder that holds an accelerator, its model and what else a board needs.

It may come from anywhere. Opening one reads `bundle.json`, compares every file with its checksum,
and refuses whatever is not exactly as docs/driver.md says, files that are not listed included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from firebrick.errors import FirebrickError
from firebrick.runtime.bundle_files import (
    MAX_DOCUMENT_BYTES,
    file_list,
    parse_object,
    read_file,
)
from firebrick.runtime.description import (
    Description,
    number,
    read_description,
    section,
    text,
    within,
)
from firebrick.runtime.errors import BundleError
from firebrick.runtime.listed import Listed

DOCUMENT = "bundle.json"
FORMAT = 2
WEIGHTS = "weights.bin"
RTL_MANIFEST = "rtl/manifest.json"
MAX_LABELS_BYTES = 4 << 20
MAX_ENGINES = 4096
MAX_CYCLES = 1 << 48
MAX_CLOCK_MHZ = 2000
FIELDS = frozenset(
    {
        *("format", "firebrick", "model", "model_hash", "board", "image", "kernel", "logits"),
        *("preprocessing", "labels", "sample", "cycles_per_frame", "latency_cycles"),
        *("assumed_clock_mhz", "engines", "files"),
    }
)


@dataclass(frozen=True)
class Bundle:
    """A bundle whose every file was as listed when it was opened.

    Checksums show damage, not origin: whoever can change a file can change `bundle.json` too.
    ``device="sim"`` compiles and runs the bundle's SystemVerilog; open only bundles whose programs
    you would run.

    Whatever is read of it later is compared again, byte for byte of what is given out.

    Attributes:
        folder: where it lies.
        description: what the driver must know.
        firebrick: version that wrote it.
        board: name of the board it is for; None: only simulated.
        labels: a name a class, empty when unknown.
        sample: name of a file with an image in the network's size, or None.
        preprocessing: how photographs become images.
        cycles_per_frame: as planned.
        latency_cycles: as planned.
        assumed_clock_mhz: that the plan's frames per second assume; None without a board.
        engines: ``name``, ``kind`` and ``cycles`` per frame of each engine, in execution order.
        files: SHA-256 by path.
    """

    folder: Path
    description: Description
    firebrick: str
    board: str | None
    labels: tuple[str, ...]
    sample: str | None
    preprocessing: Mapping[str, object]
    cycles_per_frame: int
    latency_cycles: int
    assumed_clock_mhz: int | None
    engines: tuple[Mapping[str, object], ...]
    files: Mapping[str, str]

    @classmethod
    def open(cls, folder: str | Path) -> Bundle:
        """Check and read a bundle.

        Raises:
            BundleError: naming the file or field, the value and the rule.
        """
        root = Path(folder)
        if not root.is_dir():
            raise BundleError(f"{root}: no such folder")
        path = root / DOCUMENT
        try:
            document = parse_object(read_file(root, DOCUMENT, MAX_DOCUMENT_BYTES), DOCUMENT)
            if document.get("format") != FORMAT:
                raise BundleError(
                    f"format={document.get('format')!r} is not {FORMAT}: deploy the model again"
                )
            if document.keys() != FIELDS:
                wrong = ", ".join(sorted(map(str, document.keys() ^ FIELDS)))
                raise BundleError(f"fields missing or unknown: {wrong[:200]}")
            listed = Listed(root, MappingProxyType(file_list(document["files"])))
            listed.check(DOCUMENT)
            return cls._read(document, listed)
        except FirebrickError as error:
            message = str(error)
            raise BundleError(
                message if message.startswith(str(root)) else f"{path}: {message}"
            ) from None

    @classmethod
    def _read(cls, document: dict[str, object], listed: Listed) -> Bundle:
        description = read_description(document)
        image = section(document, "image")
        for name in ("height", "width", "channels"):
            if number(image, name) != getattr(description, name):
                raise BundleError(f"image.{name}={number(image, name)} contradicts the kernel")
        board, sample = optional_text(document, "board"), optional_text(document, "sample")
        if sample is not None and sample not in listed.sums:
            raise BundleError(f"sample={sample!r} is not one of the files")
        clock = document["assumed_clock_mhz"]
        if clock is not None:
            within("assumed_clock_mhz", number(document, "assumed_clock_mhz"), 1, MAX_CLOCK_MHZ)
        for name in ("cycles_per_frame", "latency_cycles"):
            within(name, number(document, name), 1, MAX_CYCLES)
        check_parts(document, description, listed)
        return cls(
            folder=listed.folder,
            description=description,
            firebrick=text(document, "firebrick"),
            board=board,
            labels=read_labels(optional_text(document, "labels"), listed, description),
            sample=sample,
            preprocessing=MappingProxyType(dict(section(document, "preprocessing"))),
            cycles_per_frame=number(document, "cycles_per_frame"),
            latency_cycles=number(document, "latency_cycles"),
            assumed_clock_mhz=None if clock is None else number(document, "assumed_clock_mhz"),
            engines=read_engines(document["engines"]),
            files=listed.sums,
        )

    @property
    def model(self) -> str:
        """Name of the network."""
        return self.description.model

    @property
    def model_hash(self) -> str:
        """64 hexadecimal digits over everything that is computed."""
        return self.description.model_hash

    @property
    def logits_scale(self) -> float:
        """Real value of one integer step of the logits."""
        return self.description.logits_scale

    @property
    def _listed(self) -> Listed:
        return Listed(self.folder, self.files, "has changed since the bundle was opened")

    def read(self, name: str) -> bytes:
        """The bytes of a listed file, compared with the checksum once more.

        Raises:
            BundleError: when it is not listed, or has changed since the bundle was opened.
        """
        return self._listed.read(name)

    @contextmanager
    def copies(self, *names: str) -> Iterator[Path]:
        """A private folder with listed files, each compared while it was copied; for the block.

        For what opens files by their path. The bundle's own could be exchanged meanwhile.

        Raises:
            BundleError: when one is not listed, or has changed since the bundle was opened.
        """
        with self._listed.copies(names) as folder:
            yield folder

    def weights(self) -> bytes:
        """What is loaded after each reset; mostly nothing."""
        return self.read(WEIGHTS) if self.description.weights_bytes else b""


def optional_text(document: Mapping[str, object], name: str) -> str | None:
    """A field that is text or null."""
    return None if document[name] is None else text(document, name)


def check_parts(document: dict[str, object], description: Description, listed: Listed) -> None:
    """Compare the weights and the simulated hardware with what the bundle says of itself.

    Raises:
        BundleError: naming what contradicts.
    """
    size = description.weights_bytes
    if (WEIGHTS in listed.sums) != (size > 0):
        raise BundleError(f"{WEIGHTS}: needed exactly when weights_bytes={size} is not 0")
    if size and len(listed.read(WEIGHTS)) != size:
        raise BundleError(f"{listed.folder / WEIGHTS}: has not weights_bytes={size} bytes")
    if RTL_MANIFEST in listed.sums:
        manifest = parse_object(listed.read(RTL_MANIFEST, MAX_DOCUMENT_BYTES), RTL_MANIFEST)
        for name in ("model", "model_hash", "kernel"):
            if manifest.get(name) != document[name]:
                raise BundleError(f"{listed.folder / RTL_MANIFEST}: {name} is not the bundle's")


def read_labels(name: str | None, listed: Listed, description: Description) -> tuple[str, ...]:
    """A name a line.

    Raises:
        BundleError: when the file is not listed, no text, or has not as many lines as classes.
    """
    if name is None:
        return ()
    if name not in listed.sums:
        raise BundleError(f"labels={name!r} is not one of the files")
    path = listed.folder / name
    try:
        lines = listed.read(name, MAX_LABELS_BYTES).decode().split("\n")
    except UnicodeDecodeError:
        raise BundleError(f"{path}: is not UTF-8") from None
    lines = lines[:-1] if lines[-1] == "" else lines
    if len(lines) != description.classes:
        raise BundleError(f"{path}: lines={len(lines)} is not {description.classes}")
    return tuple(lines)


def read_engines(document: object) -> tuple[Mapping[str, object], ...]:
    """What each engine does.

    Raises:
        BundleError: naming the entry.
    """
    if not isinstance(document, list) or len(document) > MAX_ENGINES:
        raise BundleError(f"engines: not a list of at most {MAX_ENGINES}")
    for place, engine in enumerate(document):
        if not isinstance(engine, dict) or engine.keys() != {"name", "kind", "cycles"}:
            raise BundleError(f"engines: {place} has not exactly a name, a kind and cycles")
        text(engine, "name")
        text(engine, "kind")
        within("engines: cycles", number(engine, "cycles"), 1, MAX_CYCLES)
    return tuple(MappingProxyType(x) for x in document)
