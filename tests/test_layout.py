# SPDX-License-Identifier: Apache-2.0
"""One operator, one name, one file in each place, the same parameter names in each language."""

import re
from pathlib import Path

import pytest

from firebrick.ops import ENGINES
from firebrick.plan.pipeline import build
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from networks import small_network

ROOT = Path(__file__).parents[1]
KINDS = sorted(ENGINES)


def declared_parameters(kind: str) -> set[str]:
    text = (ROOT / "hw" / "ops" / f"{kind}.sv").read_text()
    header = text[text.index(f"\nmodule {kind} ") : text.index("\n) (")]
    return set(re.findall(r"^\s*parameter\s[^=]*?\b([A-Z][A-Z0-9_]*)\s*=", header, re.MULTILINE))


def hls_text(kind: str) -> str:
    """The kernel's header, and those of its parts."""
    folder = ROOT / "hls" / "include" / "firebrick"
    return "".join(path.read_text() for path in sorted(folder.glob(f"{kind}*.hpp")))


def described_fields(kind: str) -> set[str]:
    """Constants of `Cfg` that the head of the C++ kernel describes."""
    text = (ROOT / "hls" / "include" / "firebrick" / f"{kind}.hpp").read_text()
    lines = re.search(r"^// Cfg:\n((?:// .*\n)+)", text, re.MULTILINE)
    assert lines is not None
    found = re.findall(r"^//   ([A-Z][A-Z0-9_]*(?:, [A-Z][A-Z0-9_]*)*)  ?", lines[1], re.MULTILINE)
    return {name for names in found for name in names.split(", ")}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "pattern",
    [
        "python/firebrick/ops/{}.py",
        "hw/ops/{}.sv",
        "hls/include/firebrick/{}.hpp",
        "sim/tb_{}.py",
        "tests/ops/test_{}.py",
    ],
)
def test_operator_has_its_file(kind: str, pattern: str) -> None:
    path = ROOT / pattern.format(kind)
    assert path.is_file() or (path.with_suffix("") / "__init__.py").is_file()


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_have_one_name_in_all_languages(kind: str) -> None:
    declared = declared_parameters(kind) - {"PREFIX"}
    assert declared == {name.upper() for name in ENGINES[kind].PARAMETERS}
    assert declared == described_fields(kind)
    assert set(re.findall(r"\bCfg::([A-Z][A-Z0-9_]*)\b", hls_text(kind))) <= declared


@pytest.mark.parametrize("kind", KINDS)
def test_kernel_has_the_ports_of_the_module(kind: str) -> None:
    module = (ROOT / "hw" / "ops" / f"{kind}.sv").read_text()
    ports = re.findall(r"\b([sm]_axis\w*)_tvalid[,\n]", module[: module.index("\n);")])
    kernel = (ROOT / "hls" / "include" / "firebrick" / f"{kind}.hpp").read_text()
    arguments = re.search(rf"^void {kind}\(([^{{]*){{", kernel, re.MULTILINE)
    assert arguments is not None
    assert re.findall(r"hls::stream<[^&]*& (\w+)", arguments[1]) == ports


def test_engines_give_the_parameters_they_declare() -> None:
    network = small_network()
    engines = [x.engine for x in build(network, plan(network, Goal(multipliers=24))).instances]
    assert {x.operator.kind for x in engines} >= {"conv", "maxpool", "avgpool", "add", "image"}
    for engine in engines:
        assert tuple(engine.parameters()) == engine.PARAMETERS


@pytest.mark.parametrize("kind", KINDS)
def test_module_starts_with_licence_and_prose(kind: str) -> None:
    lines = (ROOT / "hw" / "ops" / f"{kind}.sv").read_text().splitlines()
    assert lines[0] == "// SPDX-License-Identifier: Apache-2.0"
    assert lines[1].startswith("//")


def test_every_source_file_names_its_licence() -> None:
    missing = [
        path
        for folder, ending in (
            *(("python", "py"), ("hw", "sv"), ("hls", "h*"), ("sim", "py")),
            *(("tests", "py"), ("tests", "h*")),
        )
        for path in sorted((ROOT / folder).rglob(f"*.{ending}"))
        if "SPDX-License-Identifier: Apache-2.0" not in path.read_text()[:100]
    ]
    assert missing == []


def test_operator_table_in_the_documentation_is_complete() -> None:
    text = (ROOT / "docs" / "operators.md").read_text()
    assert [kind for kind in KINDS if f"`{kind}`" not in text] == []
