# SPDX-License-Identifier: Apache-2.0
"""Which logit a class is: by names, by numbers, in sorted order; refused where it is not clear."""

from collections.abc import Sequence

import numpy as np
import pytest

from firebrick.errors import FirebrickError
from firebrick.evaluate.classes import Truth, truth
from firebrick.evaluate.labelled import Labelled

ANIMALS = ("cat", "dog", "Egyptian cat")


def meant(
    classes: Sequence[str] | Sequence[int],
    count: int,
    labels: tuple[str, ...] = (),
    *,
    given: str | None = None,
    empty: Sequence[str] = (),
) -> Truth:
    """The logits of classes; some have no images."""
    texts = [x for x in classes if isinstance(x, str)]
    names = tuple(sorted({*texts, *empty}))
    stored = texts if texts else np.array(classes, np.int64)
    return truth(Labelled("data", stored, names, np.zeros(len(classes))), count, labels, given)


def indices(*arguments: object, **options: object) -> list[int]:
    return meant(*arguments, **options).indices.tolist()  # type: ignore[arg-type]


def test_names_are_those_of_the_model() -> None:
    assert indices(["dog", "cat", "dog"], 3, ANIMALS) == [1, 0, 1]


def test_names_of_a_file_come_first() -> None:
    found = meant(["b", "a"], 3, ("b", "c", "a"), given="names.txt")
    assert found.indices.tolist() == [0, 2]
    assert "names.txt" in found.how


def test_case_and_underlines_do_not_matter() -> None:
    assert indices(["egyptian_cat", "DOG"], 3, ANIMALS) == [2, 1]


def test_case_matters_where_both_are_there() -> None:
    assert indices(["a", "A"], 2, ("A", "a")) == [1, 0]


def test_numbers_are_indices() -> None:
    assert indices([2, 0], 3) == [2, 0]
    assert indices([2, 0], 3, ANIMALS) == [2, 0]
    assert indices(["02", "0"], 3) == [2, 0]
    assert indices(["2", "0"], 3, ANIMALS) == [2, 0]
    assert indices(["2", "0"], 3, ANIMALS, given="names.txt") == [2, 0]


def test_numbers_that_sort_otherwise_as_texts_are_not_guessed() -> None:
    """PyTorch's ImageFolder would have 10 and 11 before 2."""
    twelve = [str(x) for x in range(12)]
    with pytest.raises(FirebrickError, match="may be indices of logits, or names in sorted order"):
        meant(twelve, 12)
    assert indices([f"{x:02}" for x in range(12)], 12) == list(range(12))
    assert indices(twelve, 12, tuple("abcdefghijkl")) == list(range(12))
    assert indices(twelve, 12, tuple(sorted(twelve))) == [sorted(twelve).index(x) for x in twelve]


def test_numbers_that_are_labels_are_names() -> None:
    assert indices(["2", "1"], 3, ("3", "2", "1")) == [1, 2]


def test_without_labels_the_order_is_that_of_names() -> None:
    found = meant(["pear", "apple"], 3, empty=["fig"])
    assert found.indices.tolist() == [2, 0]
    assert found.names == ("apple", "fig", "pear")
    assert found.how == "names, in sorted order"


def test_names_of_numbers_are_the_labels_where_there_are_some() -> None:
    assert meant([1], 2, ("yes", "no")).names == ("yes", "no")
    assert meant([1], 2).names == ("class 0", "class 1")
    assert meant(["1"], 2).names == ("0", "1")


@pytest.mark.parametrize(
    ("classes", "count", "labels", "given", "words"),
    [
        (["tabby", "cat"], 3, ANIMALS, None, ["'tabby'", "3 of the model", "'cat'", "--labels"]),
        (["x", "y"], 1000, (), None, ["classes=2", "'x', 'y'", "1000 logits", "--labels"]),
        (["x", "y", "z"], 2, (), None, ["classes=3", "2 logits"]),
        (["b"], 2, ("a", "c"), "n.txt", ["'b'", "n.txt"]),
        (["a"], 3, ("a", "b"), "n.txt", ["n.txt", "names=2", "3"]),
        ([3], 3, (), None, ["class 3", "0..2"]),
        ([-1], 3, (), None, ["class -1", "0..2"]),
        (["10", "1"], 10, (), None, ["class 10", "0..9", "--labels"]),
        (["3"], 4, ("1", "2", "4", "5"), None, ["'3'"]),
        (["9" * 5000, "1"], 3, (), None, ["classes=2"]),
        (["cat", "dgo", "Egyptian cat"], 3, ANIMALS, None, ["'dgo'"]),
        (["crane"], 3, ("crane", "heron", "crane"), None, ["'crane'", "2 logits", "numbers"]),
        (["CRANE"], 3, ("crane", "heron", "Crane"), None, ["'CRANE'", "2 logits"]),
    ],
)
def test_what_is_not_clear_is_refused(
    classes: list[str] | list[int],
    count: int,
    labels: tuple[str, ...],
    given: str | None,
    words: list[str],
) -> None:
    with pytest.raises(FirebrickError) as caught:
        meant(classes, count, labels, given=given)
    for word in ("data" if given != "n.txt" or "b" in classes else "n.txt", *words):
        assert word in caught.value.message


def test_a_doubled_name_that_no_image_bears_harms_nobody() -> None:
    assert indices(["heron"], 3, ("crane", "heron", "crane")) == [1]


def test_names_of_thousands_of_letters_are_cut_short() -> None:
    with pytest.raises(FirebrickError) as caught:
        meant(["x" * 9000], 2, ANIMALS[:2])
    assert len(caught.value.message) < 400
