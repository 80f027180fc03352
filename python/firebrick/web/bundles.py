# SPDX-License-Identifier: Apache-2.0
"""From a bundle to a classifier: what to show of it, and the driver as what the page needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from firebrick.errors import FirebrickError
from firebrick.runtime import Accelerator, Bundle
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
MOST_RESIZE = 1 << 14
"""Shorter side of a photograph after resizing, at most."""


def model_of(bundle: Bundle) -> Model:
    """What a bundle says about its network.

    Raises:
        FirebrickError: photographs cannot become its images.
    """
    image, resize = bundle.description, bundle.preprocessing.get("resize")
    if image.channels != 3:
        raise FirebrickError(f"{bundle.folder}: channels={image.channels} is not 3: no photographs")
    if not isinstance(resize, int) or not max(image.height, image.width) <= resize <= MOST_RESIZE:
        raise FirebrickError(
            f"{bundle.folder}: preprocessing.resize={resize!r:.20} is not a number from the "
            f"input's longer side to {MOST_RESIZE}"
        )
    labels = bundle.labels or tuple(f"class {x}" for x in range(image.classes))
    return Model(
        name=bundle.model,
        digest=bundle.model_hash,
        board=None if bundle.board is None else _printable(bundle.board),
        height=image.height,
        width=image.width,
        resize=resize,
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
        sample: a PNG picture.
    """

    classifier: Classifier
    device: str
    sample: bytes


@contextmanager
def open_classifier(
    folder: Path,
    device: str | None = None,
    *,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[Opened]:
    """Open a bundle and its accelerator; the latter is closed at the end of the block.

    Args:
        folder: bundle, made by `firebrick deploy`.
        device: `sim`, `pynq` or `xrt`; None: what the bundle's files are for.
        say: told what is going on.

    Raises:
        FirebrickError: the bundle is damaged, or there is no such device.
    """
    bundle = Bundle.open(folder)
    chosen = device or default_device(bundle.files)
    say(PREPARING[chosen])
    with Accelerator.open(bundle, device=chosen) as accelerator:
        classifier = Classifier(model_of(bundle), Driver(accelerator), SECONDS[chosen])
        yield Opened(classifier, chosen, bundle.read("sample.png"))
