# SPDX-License-Identifier: Apache-2.0
"""What was taken for what, as a page: every count is there, nothing of it runs."""

from collections.abc import Mapping
from html.parser import HTMLParser

from firebrick.evaluate.page import MOST_CLASSES, html_page
from firebrick.evaluate.result import Evaluation


class Tags(HTMLParser):
    """Collects what a page holds."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, Mapping[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note it."""
        self.texts.append(data)


def evaluation(names: tuple[str, ...], pairs: Mapping[tuple[int, int], int]) -> Evaluation:
    return Evaluation(
        "<script>m",
        "numpy",
        9,
        0.5,
        1.0,
        (0.2, 0.8),
        None,
        None,
        7.0,
        "names",
        "a test",
        (),
        "",
        names,
        pairs,
    )


def page(names: tuple[str, ...], pairs: Mapping[tuple[int, int], int]) -> Tags:
    tags = Tags()
    tags.feed(html_page([evaluation(names, pairs)]))
    return tags


def test_a_page_shows_every_count_and_runs_nothing() -> None:
    names = ("<img src=x onerror=1>", '"quoted"', "a\x1b[31m")
    tags = page(names, {(0, 0): 5, (0, 2): 3, (1, 1): 1})
    assert {x for x, _ in tags.found} & {"script", "img", "link", "iframe", "object"} == set()
    assert not any(y.startswith(("on", "src", "href")) for _, x in tags.found for y in x)
    assert {"5", "3", "1", names[0], names[1], "a\\x1b[31m"} <= set(tags.texts)
    cells = [x for tag, x in tags.found if tag == "td" and "title" in x]
    assert [x["title"] for x in cells] == [
        *("62.5%", "0.0%", "37.5%"),
        *("0.0%", "100.0%", "0.0%"),
        *("0.0%", "0.0%", "0.0%"),
    ]


def test_of_many_classes_those_confused_most_are_shown() -> None:
    names = tuple(f"class {x}" for x in range(1000))
    pairs = {(x, x): 9 for x in range(1000)} | {(x, x + 1): 1 + x // 300 for x in range(100, 900)}
    tags = page(names, pairs)
    rows = [x for tag, x in tags.found if tag == "th" and x.get("scope") == "row"]
    assert len(rows) == MOST_CLASSES
    assert any("960 classes" in x for x in tags.texts)
    shown = {x for x in tags.texts if x.startswith("class ")}
    assert shown <= {f"class {x}" for x in range(600, 901)}
