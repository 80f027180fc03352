# SPDX-License-Identifier: Apache-2.0
"""Layers look down only: each part of the package imports lower parts and itself, nothing else."""

import ast
import re
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from firebrick.files import key

PACKAGE = Path(__file__).parents[1] / "python" / "firebrick"

ORDER = (
    {"__init__", "errors"},
    {"arrays", "checked", "console", "data", "pixels", "preprocessing", "progress", "quoting"},
    {"files"},
    {"onnx_runtime", "processes", "wheel_file"},
    {"weights_package"},
    {"hardware"},
    {"ops"},
    {"area"},
    {"boards", "ir"},
    {"families", "fbz", "images"},
    {"frontend", "inputs", "passes", "quantize"},
    {"samples"},
    {"prune"},
    {"plan"},
    {"search"},
    {"emit"},
    {"hls4ml"},
    {"synth"},
    {"verify"},
    {"evaluate"},
    {"training"},
    {"runtime"},
    {"web"},
    {"deploy"},
    {"report"},
    {"campaign"},
    {"api"},
    {"cli"},
    {"__main__"},
)
"""From the bottom up; parts side by side do not know of each other."""

RANK = {part: rank for rank, parts in enumerate(ORDER) for part in parts}


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_parts(tree: ast.AST) -> set[str]:
    """Parts of the package that a file imports, wherever in the file it does so."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names.add(str(node.module))
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    # "from firebrick import __version__" names no part but the package itself.
    parts = {x.split(".")[1] for x in names if x.startswith("firebrick.")}
    return {"__init__" if x == "__version__" else x for x in parts}


def breaches(part: str, text: str) -> list[str]:
    """Imports of a part's file that do not look down."""
    imported = imported_parts(ast.parse(text)) - {part}
    return sorted(x for x in imported if RANK.get(x, len(ORDER)) >= RANK[part])


@pytest.mark.parametrize("part", sorted(RANK))
def test_imports_look_down(part: str) -> None:
    paths = [x for x in sorted(PACKAGE.rglob("*.py")) if part_of(x) == part]
    assert paths
    wrong = {str(x.relative_to(PACKAGE)): breaches(part, x.read_text()) for x in paths}
    assert {path: names for path, names in wrong.items() if names} == {}


def imported_modules(text: str, known: frozenset[str]) -> set[str]:
    """Modules that a file imports, those for type checking included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = str(node.module)
            names = {f"{module}.{alias.name}" for alias in node.names}
            # A module may be imported from its package, which then is none of its parts' business.
            found |= {x if x in known else module for x in names}
    return found & known


def circle(texts: Mapping[str, str]) -> list[str]:
    """Some modules that import each other in a circle; none if there is no circle.

    Args:
        texts: of all modules, by name.
    """
    known = frozenset(texts)
    graph = {name: imported_modules(text, known) for name, text in texts.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_each_other_in_a_circle() -> None:
    paths = {
        ".".join(x.relative_to(PACKAGE.parent).with_suffix("").parts): x
        for x in PACKAGE.rglob("*.py")
    }
    texts = {name.removesuffix(".__init__"): x.read_text() for name, x in paths.items()}
    assert len(texts) > 200
    assert circle(texts) == []


def test_a_circle_is_found() -> None:
    texts = {
        "p": "from p.a import x",
        "p.a": "from p import b",
        "p.b": "if TYPE_CHECKING:\n    from p.c import y",
        "p.c": "def late():\n    import p.a",
    }
    assert set(circle(texts)) == {"p.a", "p.b", "p.c"}
    assert circle(texts | {"p.c": ""}) == []


def test_keys_of_code_follow_every_import() -> None:
    """Of what is kept (`files/key.py`), by lines; here Python itself says what is imported."""
    known = frozenset(key.known_modules())
    for name, path in key.known_modules().items():
        text = path.read_text()
        missing = imported_modules(text, known) - set(key.imported(text))
        assert missing == set(), name


def test_every_part_has_its_place() -> None:
    assert {part_of(x) for x in PACKAGE.rglob("*.py")} == RANK.keys()


@pytest.mark.parametrize(
    ("part", "text", "expected"),
    [
        ("quantize", "from firebrick.plan.plan import Plan", ["plan"]),
        ("plan", "def f():\n    import firebrick.emit.rtl.network_top", ["emit"]),
        ("emit", "from firebrick import verify, __version__", ["verify"]),
        ("passes", "from firebrick.quantize import quantize", ["quantize"]),
        ("report", "from firebrick.cli import main", ["cli"]),
        ("ir", "from firebrick.unheard_of import x", ["unheard_of"]),
        (
            "verify",
            "from firebrick.emit.hls import top\nfrom firebrick.verify import rows",
            [],
        ),
    ],
)
def test_a_breach_is_found(part: str, text: str, expected: list[str]) -> None:
    assert breaches(part, text) == expected


def test_only_the_search_knows_a_solver() -> None:
    users = {part_of(x) for x in PACKAGE.rglob("*.py") if "scipy" in x.read_text()}
    assert users == {"search"}


PARSING = re.compile(
    r"\bjson\.loads?\(|\btomllib\.loads?\(|^from (json|tomllib) import", re.MULTILINE
)
OWN = "reads what it has written a moment ago, in a scratch folder"
SHIPPED = "reads what comes with the program"
ALONE = "stands alone on a board, with Python 3.10"
PARSERS = {
    "campaign/designs.py": OWN,
    "campaign/network.py": OWN,
    "checked/documents.py": "is where everything else is read",
    "deploy/bundle.py": OWN,
    "deploy/run.py": ALONE,
    "emit/rtl/registers.py": SHIPPED,
    "frontend/labels.py": SHIPPED,
    "runtime/bundle_files.py": ALONE,
    "synth/nextpnr/flow.py": OWN,
    "synth/nextpnr/worker.py": OWN,
    "synth/yosys/module.py": OWN,
    "synth/yosys/worker.py": OWN,
}
"""Files that parse JSON or TOML themselves, and why; all others go through `checked`."""


def parses(text: str) -> bool:
    return PARSING.search(text) is not None


def test_one_reader_for_what_nobody_vouches_for() -> None:
    found = (x for x in PACKAGE.rglob("*.py") if parses(x.read_text()))
    assert sorted(str(x.relative_to(PACKAGE)) for x in found) == sorted(PARSERS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = json.loads(text)", True),
        ("x = json.load(file)", True),
        ("x = tomllib.loads(text)", True),
        ("import json\nfrom json import loads", True),
        ("x = json.dumps(1)\nimport json", False),
        ("x = parse_json(text, source)", False),
    ],
)
def test_a_parser_is_found(text: str, expected: bool) -> None:
    assert parses(text) is expected
