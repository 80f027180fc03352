# SPDX-License-Identifier: Apache-2.0
"""What is counted: shares and their intervals, ties, distance to floats, confusions."""

import hashlib
import math

import numpy as np
import pytest

import graph_builders as build
from firebrick.evaluate.scores import Scores, wilson
from firebrick.images import to_float
from firebrick.passes import prepare
from firebrick.quantize.floats import run_float
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.quality import run_integers, sqnr_db
from firebrick.quantize.quantizer import quantize

Z = 1.959963984540054
"""Of a normal distribution, 97.5 % lie below."""


@pytest.mark.parametrize(
    ("right", "images", "low", "high"),
    [
        (8, 10, 0.490162, 0.943318),
        (0, 10, 0.0, 0.277533),
        (10, 10, 0.722467, 1.0),
        (1, 2, 0.094531, 0.905469),
        (9196, 10_000, 0.914108, 0.924770),
    ],
)
def test_wilson_gives_known_intervals(right: int, images: int, low: float, high: float) -> None:
    assert wilson(right, images) == pytest.approx((low, high), abs=5e-7)


@pytest.mark.parametrize(("right", "images"), [(1, 3), (7, 9), (450, 1000)])
def test_ends_of_the_interval_are_as_far_as_their_own_spread_allows(
    right: int, images: int
) -> None:
    """The definition: shares from which the one that was seen is `Z` standard deviations away."""
    for end in wilson(right, images):
        spread = math.sqrt(end * (1 - end) / images)
        assert abs(end - right / images) == pytest.approx(Z * spread)


def scored(logits: list[list[int]], classes: list[int], **options: object) -> Scores:
    scores = Scores()
    reference = options.get("reference")
    wanted = None if reference is None else np.array(reference, np.float32)
    scores.add(
        np.array(logits, np.int64), float(options.get("scale", 1.0)), np.array(classes), wanted
    )
    return scores


def test_of_equal_logits_the_first_is_the_best() -> None:
    scores = scored([[3, 3, 1], [0, 2, 2]], [0, 2])
    assert (scores.right, scores.images) == (1, 2)
    assert scores.pairs == {(0, 0): 1, (2, 1): 1}


def test_of_equal_logits_five_are_the_five_best() -> None:
    scores = scored([[1] * 7, [1] * 7, [0, 0, 0, 0, 0, 0, 1]], [4, 5, 6])
    assert (scores.right_of_top, scores.right) == (2, 1)


def test_of_fewer_classes_than_five_all_are_the_best() -> None:
    scores = scored([[1, 2, 3], [3, 2, 1]], [0, 0])
    assert (scores.right_of_top, scores.right) == (2, 1)


def test_images_may_come_in_any_parts() -> None:
    rng = np.random.default_rng(1)
    logits, classes = rng.integers(-9, 9, (20, 8)), rng.integers(0, 8, 20)
    reference = rng.normal(0, 2, (20, 8)).astype(np.float32)
    whole, parts = Scores(), Scores()
    whole.add(logits, 0.5, classes, reference)
    for part in (slice(0, 1), slice(1, 14), slice(14, 20)):
        parts.add(logits[part], 0.5, classes[part], reference[part])
    assert parts.sha.hexdigest() == whole.sha.hexdigest()
    assert parts.sqnr_db == pytest.approx(whole.sqnr_db)
    assert parts.pairs == whole.pairs
    assert (parts.right, parts.right_of_top, parts.agreeing) == (
        whole.right,
        whole.right_of_top,
        whole.agreeing,
    )


def test_digest_is_of_logits_as_little_endian_int64() -> None:
    digest = scored([[1, -2, 3]], [0]).sha.hexdigest()
    assert digest == hashlib.sha256(np.array([1, -2, 3], "<i8").tobytes()).hexdigest()
    assert digest != scored([[1, -2, 4]], [0]).sha.hexdigest()


def test_agreement_is_with_the_best_of_the_floats_not_with_the_truth() -> None:
    scores = scored([[5, 1], [5, 1], [1, 5]], [1, 0, 1], reference=[[2, 1], [1, 2], [0, 1]])
    assert (scores.agreeing, scores.right) == (2, 2)


def test_distance_to_floats_is_that_of_quantize() -> None:
    layers = build.conv("conv1", "image", (6, 3, 3)), build.conv("conv2", "conv1", (4, 6, 1))
    graph = prepare(build.graph(*layers))
    side = graph.input.height
    seen = list(np.random.default_rng(3).integers(0, 256, (4, 3, side, side)).astype(np.uint8))
    network = quantize(graph, QuantizeOptions(crops=4, patches=20), seen)
    pixels = np.stack(seen)
    wanted = run_float(graph, to_float(pixels, graph.preprocessing))
    *_, logits = run_integers(network, pixels).values()
    scores = Scores()
    scores.add(
        logits.reshape(len(pixels), -1),
        network.scales[network.output],
        np.zeros(len(pixels), np.int64),
        wanted,
    )
    assert scores.sqnr_db == pytest.approx(sqnr_db(graph, network, pixels))


def test_distance_of_nothing_and_to_nothing() -> None:
    assert scored([[2, 4]], [0], scale=0.5, reference=[[1, 2]]).sqnr_db == math.inf
    assert scored([[2, 4]], [0], reference=[[0, 0]]).sqnr_db == -math.inf
