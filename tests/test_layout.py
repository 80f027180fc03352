# SPDX-License-Identifier: Apache-2.0
"""One operator, one name, one list of places, the same parameter names in each language."""

import pkgutil
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import firebrick.ops
from firebrick.area.coefficients import COEFFICIENTS
from firebrick.area.estimate import parts
from firebrick.frontend import onnx_writer
from firebrick.frontend.onnx_reader.operators import HANDLERS
from firebrick.hardware.resources import Family
from firebrick.ir.network import Network
from firebrick.ops import ENGINES, LAYERS, PLUMBING
from firebrick.ops.base import LayerEngine, Operator
from firebrick.plan.pipeline import build
from firebrick.quantize.ops import RECIPES
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.synth.calibrate.geometries import draw_engines
from hls_functions import refused
from networks import small_network

ROOT = Path(__file__).parents[1]
Lack = Callable[[str], str]
"""What a file lacks about an operator; nothing if it is empty."""


def nothing(kind: str) -> str:
    """The file itself is all that is wanted."""
    del kind
    return ""


def geometries(kind: str) -> str:
    """Those of `conv` are drawn."""
    engine = ENGINES.get(kind)
    if engine is None or kind == "conv":
        return ""
    named = [set(x) == set(engine.PARAMETERS) for x in engine.GEOMETRIES]
    return "" if named and all(named) else "no GEOMETRIES that give all PARAMETERS"


def refusals(kind: str) -> str:
    """Of a kernel: an engine of the operator, and rules."""
    found = vars(import_module(f"test_{kind}"))
    if not found.get("CASES"):
        return "no CASES"
    if "REFUSED" not in found or not refused(kind).rules:
        return "no REFUSED with rules of the kernel"
    return "" if refused(kind).engine.operator.kind == kind else "REFUSED is of another operator"


def registered(kind: str) -> str:
    """In the table of layers, if a layer becomes such an engine."""
    if kind not in ENGINES:
        return "no row in LAYERS or ENGINES"
    is_layer = issubclass(ENGINES[kind], LayerEngine)
    return "" if is_layer is (kind in LAYERS) else "its engine is in the wrong table"


def coefficients(kind: str) -> str:
    """As many as there are terms, of each part and family."""
    if kind not in ENGINES:
        return "nobody knows its area"
    if kind == "conv":
        numbers = next(draw_engines(1, ultra=False)).parameters()
    else:
        numbers = next(iter(ENGINES[kind].GEOMETRIES), {})
    wanted = {
        (family, x.module): (len(x.features.lut_terms), len(x.features.ff_terms))
        for family in Family
        for x in (parts(kind, numbers, family) if numbers else ())
    }
    found = {key: tuple(map(len, COEFFICIENTS[key[0]].get(key[1], ()))) for key in wanted}
    wrong = [
        f"{module} of {family}"
        for family, module in wanted
        if found[family, module] != wanted[family, module]
    ]
    return f"no coefficients, one a term, for {', '.join(wrong)}" if wrong or not wanted else ""


def row(kind: str) -> str:
    """In the table of operators."""
    text = (ROOT / "docs" / "operators.md").read_text()
    return "" if f"\n| `{kind}` | " in text else "no row"


def float_node(kind: str) -> str:
    """A class of layers that passes leave."""
    node = next((x.node_type for x in RECIPES if x.operator_type.kind == kind), None)
    is_there = node is not None and node.__module__ == "firebrick.ir.graph" and node.in_hardware
    return "" if is_there else "no layer in hardware that its recipe takes"


def reader(kind: str) -> str:
    """Among the modules that read ONNX nodes, one uses the class."""
    names = {sys.modules[x.__module__] for x in HANDLERS.values()}
    used = any(node_name(kind) in vars(module) for module in names)
    return "" if used else f"nothing reads a {node_name(kind)}"


def writer(kind: str) -> str:
    """In the table of writers."""
    known = [x.__name__ for x in onnx_writer._WRITERS]
    return "" if node_name(kind) in known else f"nothing writes a {node_name(kind)}"


def recipe(kind: str) -> str:
    """In the tuple of recipes."""
    kinds = [x.operator_type.kind for x in RECIPES]
    return "" if kinds.count(kind) == 1 else "not one recipe"


def layer(kind: str) -> str:
    """Of the network that tests of whole networks take."""
    kinds = {x.operator.kind for x in small()}
    return "" if kind in kinds else "small_network has no such layer"


PLACES: Mapping[str, Lack] = {
    "python/firebrick/ops/<name>.py": geometries,
    "hw/ops/<name>.sv": nothing,
    "hls/include/firebrick/<name>.hpp": nothing,
    "tests/ops/test_<name>.py": refusals,
    "python/firebrick/ops/__init__.py": registered,
    "python/firebrick/area/coefficients.py": coefficients,
    "docs/operators.md": row,
}
"""Files that every operator stands in, `<name>` is its kind, and what is wanted there."""
LAYER_PLACES: Mapping[str, Lack] = {
    "python/firebrick/ir/graph.py": float_node,
    "python/firebrick/frontend/onnx_reader/operators.py": reader,
    "python/firebrick/frontend/onnx_writer.py": writer,
    "python/firebrick/quantize/ops/<name>.py": nothing,
    "python/firebrick/quantize/ops/__init__.py": recipe,
    "tests/support/networks.py": layer,
}
"""Files that an operator stands in too if it is a layer of networks."""


@cache
def small() -> Network:
    return small_network()


def node_name(kind: str) -> str:
    """Class of the layer of the float graph that becomes an operator."""
    names = [x.node_type.__name__ for x in RECIPES if x.operator_type.kind == kind]
    return names[0] if names else f"{kind} of no recipe"


def operators() -> Iterator[str]:
    """Kinds of the operators in `ops/`, whether registered or not, but plumbing."""
    for module in pkgutil.walk_packages(firebrick.ops.__path__, "firebrick.ops."):
        for found in vars(import_module(module.name)).values():
            if isinstance(found, type) and issubclass(found, Operator) and hasattr(found, "kind"):
                yield found.kind


KINDS = sorted({*operators()} - PLUMBING.keys())


def lacking(kind: str, place: str) -> str:
    """What a place lacks about an operator; nothing if it is empty."""
    path = ROOT / place.replace("<name>", kind)
    if not path.is_file() and not (path.with_suffix("") / "__init__.py").is_file():
        return "no such file"
    return {**PLACES, **LAYER_PLACES}[place](kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_operator_stands_in_its_places(kind: str, place: str) -> None:
    assert lacking(kind, place) == "", f"{kind} in {place}"


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("place", LAYER_PLACES)
def test_layer_stands_in_its_places(kind: str, place: str) -> None:
    assert lacking(kind, place) == "", f"{kind} in {place}"


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
    network = small()
    engines = [x.engine for x in build(network, plan(network, Goal(multipliers=24))).instances]
    assert {x.operator.kind for x in engines} >= {*LAYERS, "image"}
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
