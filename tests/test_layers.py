# SPDX-License-Identifier: Apache-2.0
"""Layers look down only: each part of the package imports lower parts and itself, nothing else."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "python" / "firebrick"

ORDER = (
    {"__init__", "errors"},
    {"ownership", "scratch"},
    {"resources", "console", "output", "pixels", "processes", "progress", "quoting"},
    {"onnx_runtime", "wheel_file"},
    {"cache", "weights_package"},
    {"checked", "hardware"},
    {"ops"},
    {"area"},
    {"boards", "ir"},
    {"images"},
    {"frontend", "passes", "quantize"},
    {"plan"},
    {"search"},
    {"emit"},
    {"hls4ml"},
    {"synth"},
    {"verify"},
    {"runtime"},
    {"web"},
    {"deploy"},
    {"report"},
    {"display"},
    {"commands"},
    {"cli"},
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


def test_every_part_has_its_place() -> None:
    assert {part_of(x) for x in PACKAGE.rglob("*.py")} == RANK.keys()


@pytest.mark.parametrize(
    ("part", "text", "expected"),
    [
        ("quantize", "from firebrick.plan.plan import Plan", ["plan"]),
        ("plan", "def f():\n    import firebrick.emit.rtl", ["emit"]),
        ("emit", "from firebrick import verify, __version__", ["verify"]),
        ("passes", "from firebrick.quantize import quantize", ["quantize"]),
        ("commands", "from firebrick.cli import main", ["cli"]),
        ("ir", "from firebrick.unheard_of import x", ["unheard_of"]),
        ("verify", "from firebrick.emit.rtl import TOP\nfrom firebrick.verify import rows", []),
    ],
)
def test_a_breach_is_found(part: str, text: str, expected: list[str]) -> None:
    assert breaches(part, text) == expected
