# SPDX-License-Identifier: Apache-2.0
"""The worked example of `docs/adding_an_operator.md` runs, and its tests find what is wrong."""

import importlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import hls_tests
import pytest
import test_layout
import test_lint_hw
from hypothesis import given, settings

import firebrick.ops
import hls_compiler
import hls_functions
from firebrick.errors import CheckFailed
from firebrick.verify.check import check_engine

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "docs" / "adding_an_operator.md"
FUNCTION = "hls/include/firebrick/scale.hpp"
COPIED = (
    *("python/firebrick", "hw", "hls", "sim", "tests/ops", "tests/hls", "docs/operators.md"),
    *("tests/test_layout.py", "tests/conftest.py", "tests/support", "pyproject.toml"),
)
MOST_FILES = 13
FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def example_files() -> dict[str, str]:
    """Blocks that name a file, by that name."""
    blocks = (match.group("info", "text") for match in FENCE.finditer(EXAMPLE.read_text()))
    return {info.split(" file=")[1]: text for info, text in blocks if " file=" in info}


def places() -> list[str]:
    """First column of the page's table."""
    rows = re.findall(r"^\| `([^`]+)` \|", EXAMPLE.read_text(), re.MULTILINE)
    return [str(x) for x in rows]


def put(folder: Path, name: str, *, back: bool = False) -> None:
    """Write a file of the example, or take it away again."""
    path, text = folder / name, example_files()[name]
    if text.startswith("---"):
        command = ["git", "apply", *(["-R"] if back else []), "-"]
        env = os.environ | {"GIT_DIR": "none"}
        subprocess.run(command, cwd=folder, env=env, input=text, text=True, check=True)
    elif back:
        path.unlink()
    else:
        path.write_text(text)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the sources where the page has been followed.

    In this process, which has the sources themselves, the example's Python can be imported as if it
    were in its place.
    """
    folder = tmp_path_factory.mktemp("example")
    ignore = shutil.ignore_patterns("__pycache__")
    for part in COPIED:
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / part).is_file():
            shutil.copyfile(ROOT / part, folder / part)
        else:
            shutil.copytree(ROOT / part, folder / part, ignore=ignore)
    for name in example_files():
        put(folder, name)
    with pytest.MonkeyPatch.context() as patch:
        operators = folder / "python" / "firebrick" / "ops"
        patch.setattr(firebrick.ops, "__path__", [*firebrick.ops.__path__, str(operators)])
        patch.syspath_prepend(folder / "tests" / "ops")
        yield folder
    for name in ("firebrick.ops.scale", "test_scale"):
        sys.modules.pop(name, None)


def run_there(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Python in the copy, with the copy's package."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder / "python")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_example_is_in_every_place_and_in_no_other() -> None:
    wanted = [*test_layout.PLACES, *test_layout.LAYER_PLACES]
    assert places() == wanted
    assert sorted(example_files()) == sorted(x.replace("<name>", "scale") for x in wanted)
    assert len(wanted) <= MOST_FILES


def test_example_keeps_layout_and_rules(example: Path) -> None:
    """The layout of all operators; rules and refusals of the example's function."""
    tests = ("tests/test_layout.py", "tests/hls/test_refusals.py", "tests/hls/test_rules.py")
    options = ("-v", "-p", "no:cacheprovider", "-k", "test_layout or scale")
    result = run_there(example, "-m", "pytest", *options, *tests)
    assert result.returncode == 0, result.stdout[-5000:]
    passed = [x for x in result.stdout.splitlines() if " PASSED " in x and "scale" in x]
    assert sum("_stands_in_its_places" in x for x in passed) == len(places())
    assert sum("test_refusals" in x for x in passed) == 2
    assert sum("test_rules" in x for x in passed) >= 7


LACKS = """
import sys
sys.path[:0] = ["tests", "tests/support", "tests/ops"]
from test_layout import KINDS, LAYER_PLACES, PLACES, lacking
assert "scale" in KINDS
print([x for x in (*PLACES, *LAYER_PLACES) if lacking("scale", x)])
"""
"""Places that the layout test misses, a whole run of which would take as long again."""
AT_ONCE = {
    "python/firebrick/ops/<name>.py": "No module named 'firebrick.ops.scale'",
    "python/firebrick/ir/graph.py": "cannot import name 'ScaleNode'",
    "python/firebrick/quantize/ops/<name>.py": "No module named 'firebrick.quantize.ops.scale'",
}
"""Places that others import, and what Python says without them."""


@pytest.mark.parametrize("place", places())
def test_a_place_left_out_is_named(place: str, example: Path) -> None:
    name = place.replace("<name>", "scale")
    put(example, name, back=True)
    try:
        result = run_there(example, "-c", LACKS)
    finally:
        put(example, name)
    assert AT_ONCE.get(place, repr(place)) in result.stdout + result.stderr


def test_network_with_the_layer_goes_all_the_way(
    example: Path, tmp_path: Path, build_root: Path
) -> None:
    """From float ONNX to hardware: `example_network.py` says how."""
    result = run_there(example, "tests/support/example_network.py", tmp_path, build_root)
    assert result.returncode == 0, result.stderr[-5000:]


def bench_of(text: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The example's test module, with `text` for its hardware."""
    module = importlib.import_module("test_scale")
    with_text = partial(check_engine, modules={"scale": text})
    monkeypatch.setattr(module, "check_engine", with_text)
    return module


def with_function(make: Callable[..., str], function: str, *arguments: Any) -> str:
    """C++ that `make` writes, with a text in place of the example's header that it includes."""
    include = f'#include "{FUNCTION.removeprefix("hls/include/")}"\n'
    text = make(*arguments)
    assert include in text
    return text.replace(include, function)


def function_bench_of(function: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The example's test module, with a text for its function; binaries are kept by that text."""
    make = partial(with_function, hls_functions.bench_source, function)
    monkeypatch.setattr(hls_tests, "bench_source", make)
    return importlib.import_module("test_scale")


def changed(text: str, changes: Mapping[str, str]) -> str:
    """A text with some places replaced; each is there once."""
    for right, wrong in changes.items():
        assert text.count(right) == 1, right
        text = text.replace(right, wrong)
    return text


def test_example_runs(
    example: Path, tmp_path: Path, build_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = bench_of((example / "hw/ops/scale.sv").read_text(), monkeypatch)
    for name in module.CASES:
        module.test_rtl(name, tmp_path / name, build_root)
    module.test_golden_rounds_halves_up_and_clamps()
    module.test_wrong_shift_names_the_field()


ALWAYS = "assign s_axis_tready = 1'b1;\n  "
INPUT = "    .s_axis_tvalid,\n    .s_axis_tready,\n"
WRONG = {
    "no rounding": ({"(scaled + HALF)": "scaled"}, "values differ"),
    "tlast never leaves": ({"({last, result})": "({1'b0, result})"}, "stuck after"),
    "count survives a reset": (
        {"if (!rst_n) beat_q <= '0;\n    else if (take)": "if (take)"},
        "tlast with beats",
    ),
    "beats are lost while stalled": (
        {
            INPUT: "    .s_axis_tvalid,\n    .s_axis_tready(),\n",
            "assign take": ALWAYS + "assign take",
        },
        "stuck after",
    ),
    "every second cycle is idle": (
        {
            INPUT: "    .s_axis_tvalid(take),\n    .s_axis_tready(ready),\n",
            "assign take": "logic ready;\n  assign s_axis_tready = ready && !m_axis_tvalid;\n"
            "  assign take",
        },
        r"a frame takes \d+ cycles",
    ),
}
"""Changes to the example's hardware, and what the bench must say."""


@pytest.mark.parametrize("name", WRONG)
def test_wrong_hardware_is_found(
    name: str, example: Path, tmp_path: Path, build_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes, message = WRONG[name]
    text = changed((example / "hw/ops/scale.sv").read_text(), changes)
    module = bench_of(text, monkeypatch)
    with pytest.raises(CheckFailed, match=message):
        module.test_rtl("signed_padded", tmp_path, build_root)


def test_example_function_runs(
    example: Path, tmp_path: Path, build_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = function_bench_of((example / FUNCTION).read_text(), monkeypatch)
    for name in module.CASES:
        module.test_hls(name, tmp_path / name, build_root)


def test_example_builds_its_other_cases(example: Path) -> None:
    """Those that are only run where the operator is at home."""
    module = importlib.import_module("test_scale")

    @settings(max_examples=50, deadline=None, derandomize=True)
    @given(case=module.CASE)
    def drawn(case: Any) -> None:
        bench = module.bench(case)
        assert bench.engine.operator.golden(*bench.inputs).shape == bench.inputs[0].shape

    drawn()
    for case in module.SLOW_CASES.values():
        module.bench(case)


WRONG_FUNCTION = {
    "no sign": ({"get_value<Cfg::IN_SIGNED>": "get_value<false>"}, r"\(beat, column\) that differ"),
    "last never leaves": ({"out.last = index == FRAME_BEATS - 1": "out.last = false"}, ": last"),
    "reads the next frame": (
        {"FRAME_BEATS = Cfg": "FRAME_BEATS = 1 + Cfg"},
        r"the function left 53 beats, expected 54",
    ),
}
"""Changes to the example's function, and what its test must say."""


@pytest.mark.parametrize("name", WRONG_FUNCTION)
def test_wrong_function_is_found(
    name: str, example: Path, tmp_path: Path, build_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes, message = WRONG_FUNCTION[name]
    module = function_bench_of(changed((example / FUNCTION).read_text(), changes), monkeypatch)
    # Only this case is compiled: the others would say no more.
    bench = module.bench(module.CASES["signed_padded"])
    binary = hls_tests.build({"one": bench}, build_root, hls_compiler.command())
    with pytest.raises(AssertionError, match=message):
        hls_tests.check_function("one", bench, binary, tmp_path)


def test_example_is_clean(example: Path) -> None:
    module = example / "hw/ops/scale.sv"
    test_lint_hw.test_verilator_has_no_warning(module)
    test_lint_hw.test_slang_has_no_error(module)
    test_lint_hw.test_verible_has_no_finding(module)
    test_lint_hw.test_file_is_short_and_holds_one_module_of_its_name(module)
    ruff = Path(sys.executable).with_name("ruff")
    for arguments in (["check"], ["format", "--check"]):
        command = [str(ruff), *arguments, "--no-cache", "."]
        result = subprocess.run(command, cwd=example, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout
    formatter = Path(sys.executable).with_name("clang-format")
    style = f"--style=file:{ROOT / '.clang-format'}"
    command = [str(formatter), "--dry-run", "--Werror", style, str(example / FUNCTION)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
