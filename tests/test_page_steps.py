# SPDX-License-Identifier: Apache-2.0
"""Pages and notebooks that show steps: each runs, and prints what stands behind it.

`python tests/test_page_steps.py` writes what the steps print into the pages and the notebook.
"""

import tempfile
import warnings
from pathlib import Path

import pytest

from page_steps import (
    Step,
    filled_notebook,
    filled_page,
    run,
    steps_of_notebook,
    steps_of_page,
)

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "docs" / "python_api.md", ROOT / "docs" / "your_model.md")
NOTEBOOKS = tuple(sorted((ROOT / "examples").rglob("*.ipynb")))


def place(folder: Path) -> Path:
    """A folder that holds what a clone's root holds for a reader."""
    for name in ("models", "examples"):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.mark.parametrize("page", PAGES, ids=lambda x: x.name)
def test_steps_of_a_page_print_what_it_shows(page: Path, tmp_path: Path) -> None:
    steps = steps_of_page(page)
    assert len(steps) > 3
    for step, printed in run(steps, place(tmp_path)):
        assert printed is None or step.shown in (None, printed), step.code
    missing = sorted({y for x in steps if not x.slow for y in x.missing})
    if missing:
        warnings.warn(
            f"{page.name}: steps that need {', '.join(missing)} were not run", stacklevel=1
        )


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda x: x.name)
def test_slow_steps_of_a_page_print_what_it_shows(page: Path, tmp_path: Path) -> None:
    steps = steps_of_page(page)
    if not any(x.slow for x in steps):
        pytest.skip("none is slow")
    for step, printed in run(steps, place(tmp_path), slow=True):
        assert printed is None or step.shown in (None, printed), step.code


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda x: x.name)
def test_cells_of_a_notebook_print_what_it_keeps(notebook: Path, tmp_path: Path) -> None:
    for step, printed in run(steps_of_notebook(notebook), place(tmp_path)):
        assert step.shown == printed, step.code


def test_a_page_that_shows_something_else_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```python\nx = 2\nprint(x)\n```\n\n```text\n2\n```\n\nBoth share a folder.\n\n"
        "```sh\necho 3 > n\n```\n\n```python\nint(open('n').read()) + x\n```\n\n```text\n6\n```\n\n"
        "```python needs=no_such_package\nraise ValueError\n```\n\n"
        "```sh slow\necho 7\n```\n\n```text\n7\n```\n"
    )
    steps = steps_of_page(page)
    printed = [x for _, x in run(steps, tmp_path)]
    assert printed == ["2\n", "", "5\n", None, None]
    assert [x for _, x in run(steps[-1:], tmp_path, slow=True)] == ["7\n"]
    assert [x.shown for x in steps] == ["2\n", None, "6\n", None, "7\n"]
    page.write_text(filled_page(page.read_text(), printed))
    assert [x.shown for x in steps_of_page(page)] == ["2\n", None, "5\n", None, "7\n"]
    with pytest.raises(AssertionError, match="false"):
        list(run([Step("sh", "false\n")], tmp_path))


def main() -> None:
    """Write what steps print into the pages and the notebooks."""
    for path in (*PAGES, *NOTEBOOKS):
        is_notebook = path.suffix == ".ipynb"
        steps = (steps_of_notebook if is_notebook else steps_of_page)(path)
        with tempfile.TemporaryDirectory() as folder:
            printed = [x for _, x in run(steps, place(Path(folder)))]
        path.write_text(
            (filled_notebook if is_notebook else filled_page)(path.read_text(), printed)
        )


if __name__ == "__main__":
    main()
