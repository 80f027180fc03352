# SPDX-License-Identifier: Apache-2.0
"""What is calibrated on and what is measured on: drawn from all over, and never the same image."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from firebrick import images, inputs
from firebrick.errors import FirebrickError
from firebrick.ir.graph import ConvNode, Graph, Shape
from firebrick.preprocessing import Preprocessing
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.quantizer import TRIAL_CROPS
from firebrick.samples import load
from firebrick.samples.draw import draw
from firebrick.samples.load import MEASURED, SAMPLE_PHOTOGRAPHS, Samples

COLOUR = Preprocessing(5, "RGB")
GREY = Preprocessing(9, "GREY", (100.0,), (50.0,))
RAW = Preprocessing(9, "RAW", (100.0, 0.0), (50.0, 1.0))
OPTIONS = QuantizeOptions(crops=12)
LEARNED = OPTIONS.crops + TRIAL_CROPS


def graph(how: Preprocessing) -> Graph:
    """A small network with 4 x 5 images."""
    channels = len(how.mean)
    weights = np.ones((2, channels, 3, 3), np.float32)
    node = ConvNode("only", ("image",), weights, np.zeros(2, np.float32))
    return Graph("tiny", Shape(channels, 4, 5), (node,), how)


def load_samples(
    how: Preprocessing,
    calibration: Path | None,
    evaluation: Path | None = None,
    options: QuantizeOptions = OPTIONS,
) -> Samples:
    return load.load_samples(graph(how), calibration, evaluation, options)


def photographs(folder: Path, shades: Sequence[int]) -> Path:
    """A folder of folders of three photographs each, every one of a single shade."""
    for place, shade in enumerate(shades):
        path = folder / f"class{place // 3:03}" / f"{place:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (6, 6), (shade,) * 3).save(path)
    return folder


def shades(images_: Any) -> list[int]:
    return [int(x.flat[0]) for x in images_]


def test_a_few_of_many_are_drawn_from_all_over_and_always_the_same(tmp_path: Path) -> None:
    many = photographs(tmp_path / "many", range(200))
    samples = load_samples(COLOUR, many)
    learned, measured = shades(samples.calibration), shades(samples.evaluation)
    assert (len(learned), len(measured)) == (LEARNED, LEARNED // 4)
    drawn = sorted(learned + measured)
    assert len(set(drawn)) == 20
    # one of each stretch of ten
    assert [x // 10 for x in drawn] == list(range(20))
    assert [x // 10 for x in measured] == [4, 9, 14, 19]
    again = load_samples(COLOUR, many)
    assert (shades(again.calibration), shades(again.evaluation)) == (learned, measured)
    other = load_samples(COLOUR, many, options=QuantizeOptions(crops=12, seed=1))
    assert shades(other.calibration) != learned
    assert samples.measured_on == f"{many}, every fifth image, not calibrated on"


def test_no_more_are_read_than_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = photographs(tmp_path / "many", range(200))
    read: list[Path] = []
    whole = images.load_photograph

    def counting(path: Path) -> images.PixelArray:
        read.append(path)
        return whole(path)

    monkeypatch.setattr(images, "load_photograph", counting)
    load_samples(COLOUR, many)
    assert len(read) == LEARNED


@pytest.mark.parametrize("most", [1, 7, 10])
@pytest.mark.parametrize("count", [10, 11, 19, 1000])
def test_each_stretch_gives_one(count: int, most: int) -> None:
    chosen = draw(range(count), most, np.random.default_rng(count))
    assert len(set(chosen)) == most
    bounds = [place * count // most for place in range(most + 1)]
    assert all(a <= x < b for a, x, b in zip(bounds, chosen, bounds[1:], strict=False))


def test_quality_is_measured_on_a_folder_of_its_own(tmp_path: Path) -> None:
    learn = photographs(tmp_path / "learn", range(20))
    measure = photographs(tmp_path / "measure", range(100, 200))
    samples = load_samples(COLOUR, learn, measure)
    assert len(set(shades(samples.calibration))) == LEARNED
    assert max(shades(samples.calibration)) < 20
    assert len(set(shades(samples.evaluation))) == MEASURED
    assert min(shades(samples.evaluation)) >= 100
    assert samples.measured_on == str(measure)
    alone = load_samples(COLOUR, None, measure)
    assert [x.shape for x in alone.calibration] == [
        x.shape for x in images.load_samples(images.CALIBRATION)
    ]
    assert np.array_equal(alone.evaluation, samples.evaluation)


def test_images_are_measured_as_they_are_inferred(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (30, 40, 3)).astype(np.uint8)
    (tmp_path / "measure").mkdir()
    path = tmp_path / "measure" / "x.png"
    Image.fromarray(noise).save(path)
    samples = load_samples(COLOUR, None, tmp_path / "measure")
    assert np.array_equal(samples.evaluation, inputs.load(path, COLOUR, 4, 5))


def test_sample_photographs_are_the_default() -> None:
    samples = load_samples(COLOUR, None)
    assert samples.measured_on == SAMPLE_PHOTOGRAPHS
    for found, names in (
        (samples.calibration, images.CALIBRATION),
        (samples.evaluation, images.EVALUATION),
    ):
        wanted = images.load_samples(names)
        assert len(found) == len(wanted)
        assert all(np.array_equal(x, y) for x, y in zip(found, wanted, strict=True))


# --- the same image never in both -----------------------------------------------------------------


def test_folders_that_share_images_are_refused(tmp_path: Path) -> None:
    outer = photographs(tmp_path / "outer", range(6))
    inner, link = outer / "class000", tmp_path / "link"
    link.symlink_to(outer)
    for one, other in ((outer, outer), (outer, inner), (inner, outer), (outer, link)):
        with pytest.raises(FirebrickError, match=r"shares images with --calibration .* give fold"):
            load_samples(COLOUR, one, other)
    photographs(tmp_path / "outer2", range(50, 56))  # a name that begins alike is no folder within
    load_samples(COLOUR, outer, tmp_path / "outer2")


def test_samples_that_are_calibrated_on_are_not_measured_on(tmp_path: Path) -> None:
    path = images.sample_path(images.CALIBRATION[0])
    assert path is not None
    (tmp_path / "mine").mkdir()
    shutil.copyfile(path, tmp_path / "mine" / "other_name.png")
    with pytest.raises(FirebrickError, match=r"other_name\.png.*is the same as"):
        load_samples(COLOUR, None, tmp_path / "mine")


def test_links_in_a_circle_are_no_folder(tmp_path: Path) -> None:
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    with pytest.raises(FirebrickError, match=r"circle'?: cannot be read"):
        load_samples(COLOUR, photographs(tmp_path / "x", range(3)), circle)


@pytest.mark.parametrize("how", [shutil.copy, lambda a, b: b.hardlink_to(a)], ids=["copy", "link"])
def test_a_photograph_under_another_name_is_the_same(
    how: Callable[[Path, Path], Any], tmp_path: Path
) -> None:
    learn = photographs(tmp_path / "learn", range(6))
    measure = photographs(tmp_path / "measure", range(50, 53))
    how(learn / "class000" / "001.png", measure / "new.png")
    with pytest.raises(FirebrickError, match=r"new\.png': is the same as '.*001\.png', which is c"):
        load_samples(COLOUR, learn, measure)


def test_what_is_kept_back_is_none_of_the_others(tmp_path: Path) -> None:
    """Data sets hold the same photograph twice."""
    samples = load_samples(COLOUR, photographs(tmp_path / "a", [0, 1, 2, 3, 0, 5, 6, 7, 8, 9]))
    assert shades(samples.evaluation) == [9]
    assert len(samples.calibration) == 8
    with pytest.raises(
        FirebrickError, match=r"'004\.png' and all others kept back .* --evaluation"
    ):
        load_samples(COLOUR, photographs(tmp_path / "b", [4] * 10))


# --- folders that are no use ----------------------------------------------------------------------


def test_other_files_are_passed_over(tmp_path: Path) -> None:
    folder = photographs(tmp_path / "x", range(3))
    for name in ("notes.txt", "Thumbs.db", ".DS_Store", "labels.csv"):
        (folder / name).write_bytes(b"hello")
    (folder / "class000" / "001.png").rename(folder / "class000" / "001.PNG")
    samples = load_samples(COLOUR, folder)
    assert shades(samples.calibration) + shades(samples.evaluation) == [0, 1, 2]


def _one(folder: Path) -> None:
    photographs(folder, [1])


def _text(folder: Path) -> None:
    folder.mkdir()
    (folder / "notes.txt").write_text("hello")


def _broken(folder: Path) -> None:
    photographs(folder, range(4))
    (folder / "class000" / "000.png").write_text("hello")


def _both(folder: Path) -> None:
    photographs(folder, range(2))
    np.save(folder / "0.npy", np.zeros((4, 5, 3), np.uint8))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_one, "images=1: give 2 or more, one of them to measure quality on, or --evaluation"),
        (_text, r"none of its files, as 'notes\.txt', ends in \.npy or as photographs do: .*\.jpg"),
        (_broken, r"000\.png': cannot be read as an image"),
        (_both, r"'000\.png' is no \.npy file, as '0\.npy' is: give either"),
        (lambda folder: None, "cannot be read: No such file"),
        (lambda folder: folder.mkdir(), "files=0 is less than 1"),
    ],
)
def test_folders_that_are_no_use_are_refused(
    make: Callable[[Path], Any], message: str, tmp_path: Path
) -> None:
    make(tmp_path / "x")
    with pytest.raises(FirebrickError, match=message) as caught:
        load_samples(COLOUR, tmp_path / "x")
    assert "\n" not in str(caught.value)
    assert str(tmp_path / "x") in str(caught.value)


def test_what_photographs_take_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = photographs(tmp_path / "x", range(5))
    monkeypatch.setattr(images, "MAX_KEPT", 4 * 3 * 36)
    assert len(load_samples(COLOUR, folder).calibration) == 4
    monkeypatch.setattr(images, "MAX_KEPT", 4 * 3 * 36 - 1)
    with pytest.raises(FirebrickError, match=r"003\.png': values=432 up to here exceed 431"):
        load_samples(COLOUR, folder)


def test_channels_that_are_no_colours_are_given_as_arrays(tmp_path: Path) -> None:
    with pytest.raises(FirebrickError, match="tiny: --calibration: an image of 2 channels is no"):
        load_samples(RAW, None, photographs(tmp_path / "x", range(3)))
    with pytest.raises(FirebrickError, match=r"x'?: an image of 2 channels is no photograph"):
        load_samples(RAW, tmp_path / "x")


# --- arrays ---------------------------------------------------------------------------------------


def folder_of(tmp_path: Path, *found: Any) -> Path:
    folder = tmp_path / "arrays"
    folder.mkdir()
    for n, array in enumerate(found):
        (folder / f"{n // 3:02}").mkdir(exist_ok=True)
        np.save(folder / f"{n // 3:02}" / f"{n:02}.npy", array)
    return folder


def frames_of(count: int) -> np.ndarray:
    return np.arange(count, dtype=np.uint8)[:, None, None, None].repeat(4, 1).repeat(5, 2)


def test_every_fifth_array_is_kept_back(tmp_path: Path) -> None:
    frames = frames_of(11)
    samples = load_samples(GREY, folder_of(tmp_path, frames[:6], frames[6:]))
    assert shades(samples.evaluation) == [4, 9]
    assert shades(samples.calibration) == [0, 1, 2, 3, 5, 6, 7, 8, 10]
    assert samples.calibration[0].shape == (1, 4, 5)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_of_a_few_arrays_the_last_is_kept_back(count: int, tmp_path: Path) -> None:
    samples = load_samples(GREY, folder_of(tmp_path, *frames_of(count)))
    assert (len(samples.calibration), shades(samples.evaluation)) == (count - 1, [count - 1])


@pytest.mark.parametrize("files", [1, 2, 5, 40])
def test_a_few_of_many_arrays_are_drawn_from_all_over(files: int, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, *frames_of(200).reshape(files, -1, 4, 5, 1))
    samples = load_samples(GREY, folder)
    drawn = sorted(shades(samples.calibration) + shades(samples.evaluation))
    assert len(samples.evaluation) == 4
    assert [x // 10 for x in drawn] == list(range(20))


def test_arrays_to_measure_on_are_none_of_the_others(tmp_path: Path) -> None:
    frames = frames_of(20)
    learn = folder_of(tmp_path, frames[:10])
    measure = tmp_path / "measure"
    measure.mkdir()
    np.save(measure / "x.npy", frames[10:])
    samples = load_samples(GREY, learn, measure)
    assert (len(samples.calibration), shades(samples.evaluation)) == (10, list(range(10, 20)))
    np.save(measure / "y.npy", frames[9])
    with pytest.raises(FirebrickError, match=r"y\.npy': is the same as '.*00\.npy', which is"):
        load_samples(GREY, learn, measure)


LINE = np.linspace(-20.0, 30.0, 40).reshape(2, 4, 5, 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: [np.zeros((4, 5), np.uint8)], "images=1: give 2 or more"),
        (lambda: [np.zeros((3, 5, 4, 1))], r"shape=\(3, 5, 4, 1\) is not \(4, 5, 1\)"),
        (lambda: [LINE], r"values=-20..30 are not .* import the model with mean 102 and std 5.1,"),
        (lambda: [LINE / 1000], "are not what the pixels 0..255 stand for"),
        (lambda: [np.full((2, 4, 5, 1), 1.0)], "values=1..1 are not"),
    ],
)
def test_arrays_that_are_no_use_are_refused(
    make: Callable[[], Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(FirebrickError, match=message):
        load_samples(GREY, folder_of(tmp_path, *make()))


def test_the_mean_and_std_that_are_named_will_do(tmp_path: Path) -> None:
    how = Preprocessing(9, "GREY", (102.0,), (5.1,))
    samples = load_samples(how, folder_of(tmp_path, LINE))
    assert (samples.calibration.min(), samples.evaluation.max()) == (0, 255)


def test_what_arrays_take_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_KEPT", 50)
    with pytest.raises(FirebrickError, match=r"02\.npy: values=60 up to here exceed 50"):
        load_samples(GREY, folder_of(tmp_path, *np.zeros((3, 4, 5), np.uint8)))
