# SPDX-License-Identifier: Apache-2.0
"""Which logit is meant by the name of a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firebrick.errors import FirebrickError
from firebrick.evaluate.labelled import Labelled

SHOWN = 3
"""Names that messages give as examples."""
DIGITS = 9
"""Most of a number that may be an index."""


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What images show, in a model's terms.

    Attributes:
        indices: of each image, the logit of its class.
        names: a name each logit.
        how: in words, how names became indices.
    """

    indices: NDArray[np.int64]
    names: tuple[str, ...]
    how: str


def truth(data: Labelled, count: int, labels: tuple[str, ...], given: str | None) -> Truth:
    """The logits that labelled images stand for.

    Names of classes are looked up among the labels, as they are or else whatever their case;
    numbers are indices, unless labels are numbers. If
    there are no labels, names are those of the logits in sorted order, as PyTorch's `ImageFolder`
    has them.

    Args:
        data: the images.
        count: logits of the model.
        labels: names of the logits; empty where nobody gave any.
        given: the user's file of labels, or None where they are the model's own.

    Raises:
        FirebrickError: names are not of the model, saying which.
    """
    if given is not None and len(labels) != count:
        raise FirebrickError(f"{given}: names={len(labels)} is not the number of logits, {count}")
    names = labels or data.names or tuple(f"class {x}" for x in range(count))
    if isinstance(data.classes, np.ndarray):
        indices, how = np.asarray(data.classes), "indices of logits"
    elif labels and not _unknown(data, labels):
        indices = _looked_up(data, labels)
        how = "names, as the model has them" if given is None else f"names, as in {given}"
    elif all(map(_is_index, data.names)) and not any(map(_is_index, labels)):
        if not labels and sorted(data.names) != sorted(data.names, key=int):
            raise FirebrickError(
                f"{data.place}: classes {', '.join(sorted(data.names)[:SHOWN])}, ... may be "
                "indices of logits, or names in sorted order as PyTorch's ImageFolder has them, "
                "where 10 comes before 2: write 00, 01, 02, or give --labels FILE, a name a line, "
                "in the order of the logits"
            )
        indices, how = np.array([int(x) for x in data.classes]), "numbers, as indices of logits"
        names = labels or tuple(str(x) for x in range(count))
    elif not labels and len(data.names) == count:
        indices, how = np.searchsorted(data.names, data.classes), "names, in sorted order"
    else:
        raise FirebrickError(_refusal(data, count, labels, given))
    wrong = indices[(indices < 0) | (indices >= count)]
    if len(wrong):
        raise FirebrickError(
            f"{data.place}: class {wrong[0]} is not one of 0..{count - 1}, and numbers are indices "
            "of logits: for names give --labels FILE, a name a line in the order of the logits"
        )
    return Truth(indices.astype(np.int64), names, how)


def _refusal(data: Labelled, count: int, labels: tuple[str, ...], given: str | None) -> str:
    unknown = _unknown(data, labels)[:SHOWN] if labels else data.names[:SHOWN]
    shown = ", ".join(repr(x[:40]) for x in unknown)
    if labels:
        of = "the model" if given is None else given
        return (
            f"{data.place}: classes {shown} are none of the {count} of {of}, such as "
            f"{labels[0][:40]!r}: rename them, or give --labels FILE, a name a line in the order "
            "of the logits"
        )
    return (
        f"{data.place}: classes={len(data.names)} ({shown}, ...) are not the {count} logits of the "
        "model, which has no names: give --labels FILE, a name a line in the order of the logits"
    )


def _is_index(name: str) -> bool:
    return name.isascii() and name.isdecimal() and len(name) <= DIGITS


def _plain(name: str) -> str:
    return name.casefold().replace("_", " ").strip()


def _unknown(data: Labelled, labels: tuple[str, ...]) -> list[str]:
    known = {*labels, *map(_plain, labels)}
    return [x for x in data.names if x not in known and _plain(x) not in known]


def _looked_up(data: Labelled, labels: tuple[str, ...]) -> NDArray[np.int64]:
    """Indices of names among labels: letter by letter, else whatever their case."""
    exact, plain = _places(labels), _places([_plain(x) for x in labels])
    found: dict[str, int] = {}
    for name in set(data.classes):
        places = exact.get(name) or plain[_plain(name)]
        if len(places) > 1:
            raise FirebrickError(
                f"{data.place}: class {name[:40]!r} is the name of {len(places)} logits: name "
                "classes by numbers, the indices of logits"
            )
        found[name] = places[0]
    return np.array([found[x] for x in data.classes], np.int64)


def _places(names: Sequence[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        places.setdefault(name, []).append(index)
    return places
