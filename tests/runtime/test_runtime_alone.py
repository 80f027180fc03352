# SPDX-License-Identifier: Apache-2.0
"""The runtime works alone on a board: Python 3.10, NumPy, and nothing else of Firebrick."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import firebrick.runtime

RUNTIME = Path(firebrick.runtime.__file__).parent
FILES = sorted(RUNTIME.glob("*.py"))
OWN = ("firebrick.errors", "firebrick.runtime")
SIM = ("firebrick.files.cache", "firebrick.verify.simulation.kernel_build")
"""What `sim.py` may import, inside of a function."""
MISSING = {
    "enum": {"StrEnum", "ReprEnum", "verify"},
    "typing": {"Self", "LiteralString", "Never", "assert_never", "override", "Unpack"},
    "datetime": {"UTC"},
    "asyncio": {"Runner", "TaskGroup", "timeout"},
    "contextlib": {"chdir"},
    "hashlib": {"file_digest"},
}
"""Names that Python 3.10 does not have yet, by module; modules: `tomllib`."""


def imports(tree: ast.AST) -> list[tuple[str, tuple[str, ...]]]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, ()) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((str(node.module), tuple(alias.name for alias in node.names)))
    return found


def foreign(text: str) -> list[str]:
    """Modules that a file of the runtime must not import, wherever in it."""
    wrong = []
    for module, names in imports(ast.parse(text)):
        known = module in {"numpy", "numpy.typing"}
        known |= any(module == x or module.startswith(x + ".") for x in OWN)
        if module == "firebrick":  # "from firebrick import errors"
            known = all(f"firebrick.{name}" in OWN for name in names)
        top = module.split(".")[0]
        if not (known or (top in sys.stdlib_module_names and top != "tomllib")):
            wrong.append(module)
    return wrong


def too_new(text: str) -> list[str]:
    """Names of the standard library that came after Python 3.10."""
    tree = ast.parse(text)
    used = {(m, n) for m, names in imports(tree) for n in names}
    used |= {
        (node.value.id, node.attr)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    return sorted(f"{m}.{n}" for m, n in used if n in MISSING.get(m, ()))


@pytest.mark.parametrize("path", [*FILES, RUNTIME.parent / "errors.py"], ids=lambda x: x.name)
def test_is_python_3_10(path: Path) -> None:
    text = path.read_text()
    ast.parse(text, feature_version=(3, 10))
    assert too_new(text) == []


@pytest.mark.parametrize("path", FILES, ids=lambda x: x.name)
def test_imports_nothing_else(path: Path) -> None:
    allowed = SIM if path.name == "sim.py" else ()
    assert [x for x in foreign(path.read_text()) if x not in allowed] == []


def test_sim_imports_the_rest_only_inside_functions() -> None:
    tree = ast.parse((RUNTIME / "sim.py").read_text())
    outside = ast.Module([x for x in tree.body if not isinstance(x, ast.FunctionDef)], [])
    assert not {x for x, _ in imports(outside)} & set(SIM)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import pynq", ["pynq"]),
        ("def f():\n    import firebrick.plan", ["firebrick.plan"]),
        ("from firebrick import cache", ["firebrick"]),
        ("import tomllib", ["tomllib"]),
        ("from firebrick.runtime.sim import SimDevice\nimport numpy, os.path", []),
    ],
)
def test_a_breach_is_found(text: str, expected: list[str]) -> None:
    assert foreign(text) == expected


def test_newer_python_is_found() -> None:
    assert too_new("from enum import StrEnum\nimport asyncio\nasyncio.Runner()") == [
        "asyncio.Runner",
        "enum.StrEnum",
    ]
    with pytest.raises(SyntaxError):
        ast.parse("try:\n    pass\nexcept* OSError:\n    pass", feature_version=(3, 10))


def test_runs_from_a_folder_that_holds_nothing_else(tmp_path: Path, tiny_bundle: Path) -> None:
    package = tmp_path / "firebrick"
    shutil.copytree(RUNTIME, package / "runtime", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__init__.py", "errors.py"):
        shutil.copyfile(RUNTIME.parent / name, package / name)
    script = (
        "import firebrick, sys\n"
        "from firebrick.runtime import Accelerator, Bundle, DeviceMissing, runs, sim\n"
        "import firebrick.runtime.pynq, firebrick.runtime.xrt\n"
        f"assert firebrick.__file__.startswith({str(tmp_path)!r})\n"
        f"bundle = Bundle.open({str(tiny_bundle)!r})\n"
        "def missing(call):\n"
        "    try:\n"
        "        call()\n"
        "    except DeviceMissing as error:\n"
        "        print(error)\n"
        "    else:\n"
        "        raise AssertionError\n"
        "missing(lambda: Accelerator.open(bundle, 'pynq'))\n"
        "missing(lambda: Accelerator.open(bundle, 'xrt'))\n"
        "missing(lambda: sim.build(bundle.folder))\n"
        "print(sorted(x for x in sys.modules if x.startswith('firebrick.') and 'runtime' not in x))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    pynq, xrt, sim, modules = result.stdout.splitlines()
    assert pynq.startswith("device 'pynq': the Python package 'pynq' is missing")
    assert xrt.startswith("device 'xrt': XRT is missing")
    assert sim.startswith("device 'sim': firebrick.files is missing: it needs all of Firebrick")
    assert modules == "['firebrick.errors']"
