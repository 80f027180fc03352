# SPDX-License-Identifier: Apache-2.0
"""The page in headless Chromium, around a FAKE accelerator: mouse, keyboard, drops, refusals."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pages import ENGINES, LABELS, FakeDevice, fake_app, logits, picture
from playwright.sync_api import BrowserContext, FileChooser, Page, expect

from firebrick.errors import FirebrickError
from firebrick.web.photographs import MAX_BYTES, to_pixels
from headless import Visit, browser, served, visit

HTML = b"<!doctype html><script>document.title = 'taken over'</script>"
PHOTOGRAPH = {"name": "a.png", "mimeType": "image/png", "buffer": picture()}
DROP = """([bytes, type]) => {
  const transfer = new DataTransfer();
  if (bytes) transfer.items.add(new File([new Uint8Array(bytes)], "x", { type }));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    const event = new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true });
    document.getElementById("drop").dispatchEvent(event);
  }
}"""


@pytest.fixture(scope="module")
def context() -> Iterator[BrowserContext]:
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def device() -> FakeDevice:
    return FakeDevice()


@pytest.fixture(scope="module")
def address(device: FakeDevice) -> Iterator[str]:
    with served(fake_app(device)) as found:
        yield found


@pytest.fixture
def visited(context: BrowserContext, address: str, device: FakeDevice) -> Iterator[Visit]:
    device.before = lambda: None
    with visit(context, address) as opened:
        expect(opened.page.locator("#model")).to_contain_text("fakenet")
        yield opened
        assert opened.elsewhere == []


def names(page: Page) -> list[str]:
    return page.locator("#classes .name").all_text_contents()


def best_of(data: bytes) -> list[str]:
    order = np.argsort(-logits(to_pixels(data, 40, 24, 32)), kind="stable")[:5]
    return [LABELS[x] for x in order]


def widths(page: Page, selector: str) -> list[float]:
    """Widths of bars, as shares of their tracks."""
    fills = page.locator(f"{selector} .fill")
    return fills.evaluate_all("(all) => all.map((x) => x.offsetWidth / x.parentNode.offsetWidth)")


def wait_for_result(page: Page) -> None:
    expect(page.locator("#classes li")).to_have_count(5)
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")


def test_photograph_gives_classes_time_and_activity(visited: Visit, tmp_path: Path) -> None:
    page = visited.page
    expect(page).to_have_title("fakenet - Firebrick")
    page.locator("#file").set_input_files(PHOTOGRAPH)
    wait_for_result(page)
    assert names(page) == best_of(picture())  # one of them looks like markup
    shares = [float(x.rstrip("%")) / 100 for x in page.locator(".share").all_text_contents()]
    assert widths(page, "#classes") == pytest.approx(shares, abs=0.01)
    time = page.locator("#time").text_content() or ""
    assert re.search(r"\d\.\d ms", time)
    for words in ("3,210 cycles", "1,010 cycles", "1,001 predicted", "99,009.9 frames/s"):
        assert words in time
    assert "100 MHz, a clock that is assumed" in time
    assert "simulator's" in (page.locator("#device-note").text_content() or "")
    busy = [x / 1010 for _, _, x in ENGINES]
    assert widths(page, "#activity") == pytest.approx(busy, abs=0.01)
    assert page.locator("tbody th").all_text_contents() == [x for x, _, _ in ENGINES]
    cells = page.locator("tbody td.number").all_text_contents()
    assert cells == ["89.1%", "900", "63.4%", "640", "99.0%", "1,000"]
    expect(page.locator("#preview")).to_be_visible()
    assert page.locator("#preview").evaluate("(x) => x.naturalWidth") == 50
    status = page.locator("[role=status]")
    expect(status).to_contain_text(best_of(picture())[0])
    assert page.locator("b").count() == 0
    assert visited.complaints == []
    page.screenshot(path=tmp_path / "page.png", full_page=True)
    assert (tmp_path / "page.png").stat().st_size > 20_000


def test_second_photograph_takes_the_place_of_the_first(visited: Visit) -> None:
    page = visited.page
    other = picture("JPEG", (90, 60))
    page.locator("#file").set_input_files(PHOTOGRAPH)
    wait_for_result(page)
    upload = {"name": "a.png", "mimeType": "image/jpeg", "buffer": other}
    page.locator("#file").set_input_files(upload)
    expect(page.locator("#status")).to_contain_text(best_of(other)[0])
    assert names(page) == best_of(other)
    page.wait_for_function("document.getElementById('preview').naturalWidth === 90")
    assert visited.complaints == []


def test_sample_by_keyboard_alone(visited: Visit) -> None:
    page = visited.page
    choosers: list[FileChooser] = []
    page.on("filechooser", lambda x: choosers.append(x))  # noqa: PLW0108 - Playwright marks it
    order = []
    for _ in range(2):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id"))
    assert order == ["file", "sample"]
    outline = "(x) => getComputedStyle(x).outlineStyle"
    assert page.locator("#sample").evaluate(outline) == "solid"
    page.keyboard.press("Shift+Tab")
    assert page.locator("label[for=file]").evaluate(outline) == "solid"
    page.keyboard.press("Enter")
    for _ in range(500):
        if not choosers:
            page.wait_for_timeout(20)
    assert not choosers[0].is_multiple()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    wait_for_result(page)
    assert names(page) == best_of(picture())
    assert page.evaluate("document.activeElement.id") == "sample"  # where it was
    assert visited.complaints == []


def test_dropped_photograph(visited: Visit) -> None:
    page = visited.page
    page.evaluate(DROP, [list(picture()), "image/png"])
    wait_for_result(page)
    assert names(page) == best_of(picture())
    # The zone shows what is over it; no event is left to the browser, which would open the file.
    over = """(kind) => [
      document.dispatchEvent(new DragEvent(kind, { cancelable: true })),
      document.getElementById("drop").classList.contains("over"),
    ]"""
    kinds = ("dragenter", "dragover", "dragleave")
    assert [page.evaluate(over, x) for x in kinds] == [[False, True], [False, True], [False, False]]
    page.evaluate(DROP, [None, ""])
    expect(page.locator("[role=alert]")).to_contain_text("drop a file")
    assert visited.complaints == []


def test_what_is_no_photograph_is_refused(visited: Visit) -> None:
    page = visited.page
    alert = page.locator("[role=alert]")
    expect(alert).to_be_hidden()
    text = {"name": "a.txt", "mimeType": "text/plain", "buffer": b"hello"}
    page.locator("#file").set_input_files(text)
    expect(alert).to_contain_text("This is not a photograph")
    svg = {"name": "a.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"}
    page.locator("#file").set_input_files(svg)
    expect(alert).to_contain_text("This is not a photograph")
    assert page.evaluate("accepts.bytes") == MAX_BYTES
    page.evaluate("accepts.bytes = 1000")
    page.locator("#file").set_input_files(PHOTOGRAPH)
    expect(alert).to_contain_text("larger than 1,000 bytes")
    page.evaluate("(bytes) => { accepts.bytes = bytes; }", MAX_BYTES)
    assert visited.complaints == []  # the server was not even asked
    page.locator("#file").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": HTML}
    )
    expect(alert).to_contain_text("the upload is not a photograph")
    expect(page).to_have_title("fakenet - Firebrick")
    expect(page.locator("#classes li")).to_have_count(0)
    # The browser itself notes the refusal, nothing else.
    assert [x for x in visited.complaints if "400" not in x] == []
    page.locator("#file").set_input_files(PHOTOGRAPH)
    wait_for_result(page)
    expect(alert).to_be_hidden()


def test_file_of_exactly_the_most_bytes_is_sent(visited: Visit) -> None:
    page = visited.page
    page.evaluate("(bytes) => { accepts.bytes = bytes; }", len(picture()) - 1)
    page.locator("#file").set_input_files(PHOTOGRAPH)
    expect(page.locator("[role=alert]")).to_contain_text("larger than")
    page.evaluate("(bytes) => { accepts.bytes = bytes; }", len(picture()))
    page.locator("#file").set_input_files(PHOTOGRAPH)
    wait_for_result(page)
    expect(page.locator("[role=alert]")).to_be_hidden()


def test_same_file_can_be_chosen_again(visited: Visit) -> None:
    visited.page.locator("#file").set_input_files(PHOTOGRAPH)
    wait_for_result(visited.page)
    assert visited.page.locator("#file").input_value() == ""


def test_what_was_shown_before_is_given_back(visited: Visit) -> None:
    page = visited.page
    page.locator("#file").set_input_files(PHOTOGRAPH)
    wait_for_result(page)
    first = page.locator("#preview").get_attribute("src")
    page.locator("#sample").click()
    page.wait_for_function("(x) => document.getElementById('preview').src !== x", arg=first)
    shown = """(x) => new Promise((tell) => {
      const image = new Image();
      image.onload = () => tell(true);
      image.onerror = () => tell(false);
      image.src = x;
    })"""
    assert not page.evaluate(shown, first)
    assert page.evaluate(shown, page.locator("#preview").get_attribute("src"))


def test_bar_is_never_longer_than_its_track(visited: Visit) -> None:
    width = "(x) => bar(x).firstChild.style.width"
    assert [visited.page.evaluate(width, x) for x in (0.25, 1, 1.5)] == ["25%", "100%", "100%"]


def test_most_bytes_are_said(visited: Visit) -> None:
    expect(visited.page.locator("#accepts")).to_have_text("JPEG, PNG or WebP, up to 10 MB")
    visited.page.evaluate(
        """async () => {
          const model = await (await fetch("/api/model")).json();
          model.accepts.bytes = 3 * 2 ** 20 - 1;
          showModel(model);
        }"""
    )
    expect(visited.page.locator("#accepts")).to_have_text("JPEG, PNG or WebP, up to 2 MB")


def test_failure_of_the_accelerator_is_said(visited: Visit, device: FakeDevice) -> None:
    def fail() -> None:
        raise FirebrickError("read_response=1")

    device.before = fail
    visited.page.locator("#file").set_input_files(PHOTOGRAPH)
    alert = visited.page.locator("[role=alert]")
    expect(alert).to_have_text("the accelerator failed: read_response=1")
    device.before = lambda: None
    visited.page.locator("#sample").click()
    wait_for_result(visited.page)


def test_while_it_works_the_page_says_so(visited: Visit, device: FakeDevice) -> None:
    gate = threading.Event()
    device.before = lambda: gate.wait(10) and None
    page = visited.page
    page.locator("#file").set_input_files(PHOTOGRAPH)
    expect(page.locator("#status")).to_have_text("Classifying…")
    expect(page.locator("#sample")).to_be_disabled()
    expect(page.locator("#results")).to_have_attribute("aria-busy", "true")
    before = len(device.frames)
    page.evaluate(DROP, [list(picture()), "image/png"])  # is not sent now
    gate.set()
    wait_for_result(page)
    assert len(device.frames) == before + 1
    expect(page.locator("#sample")).to_be_enabled()


def test_everything_has_a_name(visited: Visit) -> None:
    """What a screen reader finds: one heading of the first level, names of all controls."""
    page = visited.page
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.get_by_role("heading", level=1).count() == 1
    expect(page.get_by_role("button", name="Try the sample")).to_be_visible()
    expect(page.get_by_label("Choose a photograph")).to_be_attached()
    for title in ("Photograph", "Best classes", "Engines at work"):
        expect(page.get_by_role("region", name=title)).to_be_visible()
    assert page.locator("img:not([alt])").count() == 0
    assert page.get_by_role("table").get_by_role("rowheader").count() == len(ENGINES)


CONTRAST = """(selector) => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((x) => x / 255)
      .map((x) => (x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const clear = (colour) => colour === "rgba(0, 0, 0, 0)";
  return [...document.querySelectorAll(selector)].map((x) => {
    let under = x;
    while (clear(getComputedStyle(under).backgroundColor)) under = under.parentElement;
    const pair = [getComputedStyle(x).color, getComputedStyle(under).backgroundColor].map(light);
    return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
  });
}"""
"""Contrast of texts, by WCAG 2.2: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_are_legible_in_light_and_dark(visited: Visit, scheme: str) -> None:
    page = visited.page
    page.emulate_media(color_scheme=scheme)
    page.locator("#file").set_input_files({"name": "x", "mimeType": "image/png", "buffer": HTML})
    expect(page.locator("#error")).to_be_visible()
    selector = "h1, h2, p:not([hidden]), .button, #error, dt, dd, th, td, .invite p"
    ratios = page.evaluate(CONTRAST, selector)
    assert len(ratios) > 20
    assert min(ratios) >= 4.5  # level AA


def test_narrow_screens_do_not_scroll_sideways(visited: Visit) -> None:
    page = visited.page
    page.set_viewport_size({"width": 360, "height": 700})
    page.locator("#file").set_input_files(PHOTOGRAPH)
    wait_for_result(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
