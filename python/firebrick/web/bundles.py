# SPDX-License-Identifier: Apache-2.0
"""From a bundle to a classifier: what to show of it, and the driver as what the page needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from firebrick.arrays import array_of
from firebrick.errors import FirebrickError
from firebrick.preprocessing import Preprocessing
from firebrick.runtime import Accelerator, Bundle
from firebrick.runtime.description import MAX_CHANNELS
from firebrick.web.classify import Classifier, Logits, Model, Pixels

PREPARING = MappingProxyType(
    {
        "sim": "simulating the hardware; the first time it is compiled, which can take minutes",
        "pynq": "programming the board through PYNQ",
        "xrt": "programming the card through XRT",
    }
)
"""Devices, and what opening one takes."""
SECONDS = MappingProxyType({"sim": 3600.0, "pynq": 10.0, "xrt": 10.0})
"""Longest wait for a device; a whole SqueezeNet takes milliseconds, simulated a minute or more."""
MOST = 1e30
"""Largest number of a preprocessing."""
SAMPLES = ("sample.png", "sample.npy")
"""Names that the sample of a bundle can have."""


def model_of(bundle: Bundle) -> Model:
    """What a bundle says about its network.

    Raises:
        FirebrickError: nothing can become its images.
    """
    image = bundle.description
    how = preprocessing_of(bundle)
    how.check(str(bundle.folder), image.channels, image.height, image.width)
    labels = bundle.labels or tuple(f"class {x}" for x in range(image.classes))
    return Model(
        name=bundle.model,
        digest=bundle.model_hash,
        board=None if bundle.board is None else _printable(bundle.board),
        height=image.height,
        width=image.width,
        channels=image.channels,
        how=how,
        scale=bundle.logits_scale,
        labels=tuple(map(_printable, labels)),
        cycles_per_frame=bundle.cycles_per_frame,
        latency_cycles=bundle.latency_cycles,
        clock_mhz=bundle.assumed_clock_mhz,
        engines=tuple(
            (_printable(str(x["name"])), _printable(str(x["kind"])), int(str(x["cycles"])))
            for x in bundle.engines
        ),
    )


def preprocessing_of(bundle: Bundle) -> Preprocessing:
    """What a bundle says, of the right types; whether it fits the image is another question.

    Raises:
        FirebrickError: naming the field and the rule.
    """
    stored, place = bundle.preprocessing, f"{bundle.folder}: preprocessing"
    names = {x.name for x in fields(Preprocessing)}
    if stored.keys() != names:
        raise FirebrickError(f"{place} has not exactly the fields {', '.join(sorted(names))}")
    resize, channels = stored["resize"], stored["channels"]
    if type(resize) is not int or not 0 < resize < MOST or not isinstance(channels, str):
        raise FirebrickError(f"{place}.resize={resize!r:.20} is no size, or channels no text")
    lists: dict[str, tuple[Any, ...]] = {}
    for name, kind in (("mean", float), ("std", float), ("border", int), ("fill", int)):
        values = stored[name]
        if (
            not isinstance(values, list)
            or len(values) > MAX_CHANNELS
            or not all(type(x) in (int, kind) and abs(x) < MOST for x in values)
        ):
            raise FirebrickError(f"{place}.{name}={values!r:.40} is not a list of {kind.__name__}")
        lists[name] = tuple(map(kind, values))
    if len(lists["border"]) != 4:
        raise FirebrickError(f"{place}.border={lists['border']} is not four numbers")
    return Preprocessing(resize=resize, channels=_printable(channels[:20]), **lists)


def _printable(text: str) -> str:
    """A text of a bundle that cannot give a terminal orders."""
    return "".join(x if x.isprintable() else "?" for x in text)


def default_device(files: Mapping[str, object]) -> str:
    """The device that a bundle's files are for: `xrt`, `pynq` or `sim`."""
    if "firebrick.xclbin" in files:
        return "xrt"
    return "pynq" if "firebrick.bit" in files else "sim"


class Driver:
    """The driver, as a `Device`."""

    def __init__(self, accelerator: Accelerator) -> None:
        self._accelerator = accelerator

    def run(self, images: Pixels, seconds: float) -> tuple[Logits, int, int]:
        """As `Device.run`."""
        logits = self._accelerator.infer(images, seconds)
        counted = self._accelerator.counters
        return logits, counted.cycles, counted.frame_cycles


@dataclass(frozen=True)
class Opened:
    """A bundle at work.

    Attributes:
        classifier: sends photographs to the accelerator.
        device: what that is: `sim`, `pynq` or `xrt`.
        sample: a PNG picture; None if there is none.
        array: a ``.npy`` file instead.
    """

    classifier: Classifier
    device: str
    sample: bytes | None
    array: bytes | None = None

    def image(self, path: Path | None = None) -> Pixels:
        """The input (H, W, C) of a file; of the sample without one.

        Raises:
            FirebrickError: naming the file and the rule, or there is no sample.
        """
        model = self.classifier.model
        if path is not None:
            return model.read(path)
        if self.sample is not None:
            return model.of_photograph(self.sample)
        if self.array is not None:
            return model.of_array(array_of(self.array, "sample.npy"), "sample.npy")
        raise FirebrickError(f"{model.name}: the bundle has no sample: name a file")


@contextmanager
def open_classifier(
    folder: Path,
    device: str | None = None,
    *,
    say: Callable[[str], None] = lambda _: None,
    photographs: bool = False,
) -> Iterator[Opened]:
    """Open a bundle and its accelerator; the latter is closed at the end of the block.

    Args:
        folder: bundle, made by `firebrick deploy`.
        device: `sim`, `pynq` or `xrt`; None: what the bundle's files are for.
        say: told what is going on.
        photographs: whether nothing else will be classified.

    Raises:
        FirebrickError: the bundle is damaged, there is no such device, or no photographs are taken.
    """
    bundle = Bundle.open(folder)
    model = model_of(bundle)  # a device may take minutes to get ready
    if photographs:
        model.how.require_photographs(f"{folder}: the page")
    chosen = device or default_device(bundle.files)
    say(PREPARING[chosen])
    with Accelerator.open(bundle, device=chosen) as accelerator:
        classifier = Classifier(model, Driver(accelerator), SECONDS[chosen])
        picture, array = (bundle.read(x) if x == bundle.sample else None for x in SAMPLES)
        yield Opened(classifier, chosen, picture, array)
