# SPDX-License-Identifier: Apache-2.0
"""Who says how a photograph becomes a network's input: field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from firebrick.errors import FirebrickError
from firebrick.frontend import defaults
from firebrick.ir.graph import Shape
from firebrick.preprocessing import RAW, Preprocessing, channel_orders

FIELDS = ("size", "resize", "channels", "mean", "std")
"""In the order in which they are named."""
GUESS = "a guess"
GIVEN = "given"
FILE = "the file"
OWN = "the model's own layers"
"""Who says mean and std, where the model normalizes pixels itself."""
METADATA = "the file's metadata"
AUTHORS = "its authors"
BYTES = "bytes, as the model takes them"


@dataclass(frozen=True, slots=True)
class Known:
    """How a photograph becomes the input, and who says so.

    Attributes:
        how: all of it.
        origins: who says each of `FIELDS`.
    """

    how: Preprocessing
    origins: Mapping[str, str]

    @property
    def source(self) -> str:
        """The origins as a text; those that say several fields are named once."""
        names: dict[str, list[str]] = {}
        for name in FIELDS:
            names.setdefault(self.origins[name], []).append(name)
        if len(names) == 1:
            return next(iter(names))
        return "; ".join(f"{', '.join(fields)}: {origin}" for origin, fields in names.items())

    def then(self, *fields: str) -> Known:
        """The same for a model whose own layers go on to change these fields."""
        said = {x: self.origins[x] for x in fields}
        then = {x: OWN if y == OWN else f"{y}, then {OWN}" for x, y in said.items()}
        return Known(self.how, {**self.origins, **then})

    def swapped(self) -> Known:
        """The same for what comes behind layers that turn the order of colours around."""
        how = self.how
        # anything else that a user says is refused with the rest
        order = {"RGB": "BGR", "BGR": "RGB"}.get(how.channels, how.channels)
        return Known(
            replace(how, channels=order, mean=how.mean[::-1], std=how.std[::-1]), self.origins
        )


@dataclass(frozen=True, slots=True)
class Told:
    """What the user says.

    Attributes:
        preset: name of one of `defaults.PRESETS`, or None.
        fields: of `Preprocessing`; they come before those of the preset.
    """

    preset: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """Check what can be without the network.

        Raises:
            FirebrickError: naming field, value and rule.
        """
        if self.preset is not None and self.preset not in defaults.PRESETS:
            names = ", ".join(defaults.PRESETS)
            raise FirebrickError(f"preprocessing.preset={self.preset[:40]!r} is none of {names}")
        defaults.check_scale(self.fields)

    def of_channels(self, channels: int) -> dict[str, Any]:
        """Fields of `Preprocessing` for an image of so many channels, preset included.

        Raises:
            FirebrickError: the preset has none for them.
        """
        named = {} if self.preset is None else defaults.of_preset(self.preset, channels)
        return named | defaults.of_channels(self.fields, channels)

    def over(self, known: Known) -> Known:
        """What is known without the user, where the user says nothing else.

        Raises:
            FirebrickError: the preset does not fit the image.
        """
        chosen = self.of_channels(len(known.how.mean))
        said = {x: GIVEN if x in self.fields else f"--preset {self.preset}" for x in chosen}
        return Known(replace(known.how, **chosen), {**known.origins, **said})


def guessed(shape: Shape, size: int | None) -> Known:
    """What is likely, where nobody says anything.

    Args:
        shape: of the image.
        size: side that the user gives, if the file leaves it open.
    """
    is_colour = shape.channels == defaults.COLOURS
    usual = "as torchvision does" if is_colour else "pixels scaled to 0..1"
    is_raw = channel_orders(shape.channels) == (RAW,)
    advice = "--mean and --std" if is_raw else "--preset, or --mean and --std"
    guess = f"{GUESS}, {usual} (if it is not so, give {advice})"
    return Known(defaults.default(shape), _base(shape, size, guess) | {"mean": guess, "std": guess})


def raw(shape: Shape, size: int | None, says: str) -> Known:
    """Pixels as they are; `says` is who says so."""
    origins = _base(shape, size, f"{GUESS}, the usual order") | {"mean": says, "std": says}
    return Known(defaults.raw(shape), origins)


def stored(how: Preprocessing, size: int | None) -> Known:
    """What `import` has put into the file."""
    origins = dict.fromkeys(FIELDS, METADATA)
    return Known(how, origins | ({} if size is None else {"size": GIVEN}))


def of_authors(how: Preprocessing) -> Known:
    """What is known of a network that comes without a file that could say it."""
    return Known(how, dict.fromkeys(FIELDS, AUTHORS))


def _base(shape: Shape, size: int | None, order: str) -> dict[str, str]:
    """Who says size, resize and order of channels; of three channels, the order is `order`."""
    side = max(shape.height, shape.width)
    whole = f"inputs below {defaults.SMALL} pixels are taken whole"
    return {
        "size": FILE if size is None else GIVEN,
        "resize": whole if side < defaults.SMALL else "256/224 of the size, as torchvision does",
        "channels": order if len(channel_orders(shape.channels)) > 1 else FILE,
    }
