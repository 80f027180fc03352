# SPDX-License-Identifier: Apache-2.0
"""The worked example of `docs/adding_an_operator.md` runs, and its tests find what is wrong."""

import importlib
import inspect
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
from hypothesis import given, settings

import firebrick.ops
import hls_compiler
import hls_kernels
import test_layout
import test_lint_hw
from firebrick.errors import CheckFailed
from firebrick.verify.check import check_engine

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "docs" / "adding_an_operator.md"
KERNEL = "hls/include/firebrick/scale.hpp"
FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def example_files() -> dict[str, str]:
    """Blocks that name a file, by that name."""
    blocks = (match.group("info", "text") for match in FENCE.finditer(EXAMPLE.read_text()))
    return {info.split(" file=")[1]: text for info, text in blocks if " file=" in info}


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the example's files; its Python can be imported as if it were in its place."""
    folder = tmp_path_factory.mktemp("example")
    for name, text in example_files().items():
        path = folder / (name if not text.startswith("---") else f"{name}.diff")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        operators = folder / "python" / "firebrick" / "ops"
        patch.setattr(firebrick.ops, "__path__", [*firebrick.ops.__path__, str(operators)])
        patch.syspath_prepend(folder / "tests" / "ops")
        patch.syspath_prepend(folder / "sim")  # the simulation is handed this path
        patch.syspath_prepend(ROOT / "tests" / "hls")
        yield folder
    for name in ("firebrick.ops.scale", "test_scale"):
        sys.modules.pop(name, None)


def bench_of(text: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The example's test module, with `text` for its hardware."""
    module = importlib.import_module("test_scale")
    with_text = partial(check_engine, modules={"scale": text})
    monkeypatch.setattr(module, "check_engine", with_text)
    return module


def with_kernel(make: Callable[..., str], kernel: str, *arguments: Any) -> str:
    """C++ that `make` writes, with a text in place of the example's header that it includes."""
    include = f'#include "{KERNEL.removeprefix("hls/include/")}"\n'
    text = make(*arguments)
    assert include in text
    return text.replace(include, kernel)


def kernel_bench_of(kernel: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The example's test module, with a text for its kernel; binaries are kept by that text."""
    make = partial(with_kernel, hls_kernels.bench_source, kernel)
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


def test_example_kernel_runs(
    example: Path, tmp_path: Path, build_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = kernel_bench_of((example / KERNEL).read_text(), monkeypatch)
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


WRONG_KERNEL = {
    "no sign": ({"get_value<Cfg::IN_SIGNED>": "get_value<false>"}, r"\(beat, column\) that differ"),
    "last never leaves": ({"out.last = index == FRAME_BEATS - 1": "out.last = false"}, ": last"),
    "reads the next frame": (
        {"FRAME_BEATS = Cfg": "FRAME_BEATS = 1 + Cfg"},
        r"the kernel left 53 beats, expected 54",
    ),
}
"""Changes to the example's kernel, and what its test must say."""


@pytest.mark.parametrize("name", WRONG_KERNEL)
def test_wrong_kernel_is_found(
    name: str, example: Path, tmp_path: Path, build_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes, message = WRONG_KERNEL[name]
    module = kernel_bench_of(changed((example / KERNEL).read_text(), changes), monkeypatch)
    # Only this case is compiled: the others would say no more.
    bench = module.bench(module.CASES["signed_padded"])
    binary = hls_tests.build({"one": bench}, build_root, hls_compiler.command())
    with pytest.raises(AssertionError, match=message):
        hls_tests.check_kernel("one", bench, binary, tmp_path)


RULES: list[tuple[dict[str, int], str]] = [
    ({"COLUMNS": 0}, "CHANNELS, HEIGHT, WIDTH and COLUMNS must be at least 1"),
    ({"IN_BITS": 17}, "IN_BITS or OUT_BITS is not in 1..16"),
    ({"OUT_BITS": 0}, "IN_BITS or OUT_BITS is not in 1..16"),
    ({"MULTIPLIER": 65536}, "MULTIPLIER exceeds 16 bits"),
    ({"SHIFT": 32}, "SHIFT exceeds 31"),
    ({"OUT_BITS": 9}, "out_beat does not have COLUMNS pixels of its BITS"),
]
"""Changes to a `Cfg` of the example, and what the compiler must say."""


def on_path(test: Callable[..., None]) -> bool:
    """Whether a test looks at one header."""
    return list(inspect.signature(test).parameters) == ["path"]


def test_example_kernel_keeps_the_rules(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = example / KERNEL
    rules = importlib.import_module("test_rules")
    checks = [x for name, x in vars(rules).items() if name.startswith("test_") and on_path(x)]
    assert len(checks) >= 7
    for check in checks:
        check(path)
    assert rules.kernels(path.read_text()) == ["scale"]
    refusals = importlib.import_module("test_refusals")
    module = importlib.import_module("test_scale")
    engine = module.bench(module.CASES["signed_padded"]).engine
    monkeypatch.setattr(refusals, "RULES", {"scale": (engine, RULES)})
    monkeypatch.setattr(refusals, "INCLUDE", example / "hls" / "include")
    make = partial(with_kernel, hls_kernels.instance, path.read_text())
    monkeypatch.setattr(refusals, "instance", make)
    refusals.test_broken_rule_is_named_by_the_compiler("scale")
    refusals.test_every_rule_is_tried("scale")
    plain = make("plain", engine)
    assert hls_compiler.refusal(plain, hls_compiler.command(strict=False)) == ""


def test_example_registers_its_engine(example: Path) -> None:
    name = "python/firebrick/ops/__init__.py"
    shutil.copyfile(ROOT / name, example / name)
    command = ["git", "apply", f"{name}.diff"]
    subprocess.run(command, cwd=example, env=os.environ | {"GIT_DIR": "none"}, check=True)
    scope: dict[str, Any] = {}
    exec(compile((example / name).read_text(), name, "exec"), scope)  # noqa: S102
    assert scope["ENGINES"]["scale"].__module__ == "firebrick.ops.scale"
    assert set(scope["ENGINES"]) == {"scale", *firebrick.ops.ENGINES}


def test_example_keeps_the_layout(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = importlib.import_module("firebrick.ops.scale").ScaleEngine
    monkeypatch.setattr(test_layout, "ROOT", example)
    monkeypatch.setattr(test_layout, "ENGINES", {"scale": engine})
    for place in ("python/firebrick/ops/{}.py", "hw/ops/{}.sv", "hls/include/firebrick/{}.hpp"):
        test_layout.test_operator_has_its_file("scale", place)
    for place in ("sim/tb_{}.py", "tests/ops/test_{}.py"):
        test_layout.test_operator_has_its_file("scale", place)
    test_layout.test_parameters_have_one_name_in_all_languages("scale")
    test_layout.test_kernel_has_the_ports_of_the_module("scale")
    test_layout.test_module_starts_with_licence_and_prose("scale")


def test_example_is_clean(example: Path) -> None:
    module = example / "hw/ops/scale.sv"
    test_lint_hw.test_verilator_has_no_warning(module)
    test_lint_hw.test_slang_has_no_error(module)
    test_lint_hw.test_verible_has_no_finding(module)
    test_lint_hw.test_file_is_short_and_holds_one_module_of_its_name(module)
    settings = ["--config", str(ROOT / "pyproject.toml")]
    settings += ["--config", "lint.isort.known-first-party = ['firebrick', 'stream_bench']"]
    ruff = Path(sys.executable).with_name("ruff")
    for arguments in (["check"], ["format", "--check"]):
        command = [str(ruff), *arguments, "--no-cache", *settings, "."]
        result = subprocess.run(command, cwd=example, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout
    formatter = Path(sys.executable).with_name("clang-format")
    style = f"--style=file:{ROOT / '.clang-format'}"
    command = [str(formatter), "--dry-run", "--Werror", style, str(example / KERNEL)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
