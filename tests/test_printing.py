# SPDX-License-Identifier: Apache-2.0
"""Whatever files and tools say, a terminal shows it and obeys none of it."""

import ast
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import onnx
import pytest

from command_line import fill, firebrick
from firebrick import console
from firebrick.cli import display, plan_view
from firebrick.cli.synth import nextpnr, vitis, vitis_hls, vivado, yosys
from firebrick.errors import CheckFailed, FirebrickError, naming, printable, printable_lines
from firebrick.hardware.resources import Family, Resources
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.synth.found import tell
from firebrick.synth.yosys.count import InstanceReport, SynthReport
from firebrick.verify.compare import LayerDifference
from firebrick.verify.engine import EngineRun
from networks import small_network

EVIL = "a\x1b[31mred\x1b]0;title\x07b\rc\x08\x9b2J\u202egpj.exe\u2066\u200f\udcff\N{NO-BREAK SPACE}"
"""Colours, titles, bells, overwriting, C1 controls, marks of direction, half a character."""
LINES = f"{EVIL}\nsecond"


def harmless(text: str) -> bool:
    """Whether a terminal would print all of it, and nothing else."""
    return all(x.isprintable() or x == "\n" for x in text)


def test_text_is_escaped_once() -> None:
    once = printable(LINES)
    assert harmless(once)
    assert "\n" not in once
    assert printable(once) == once
    assert "\\x1b[31mred" in once
    assert "\\n" in once
    assert "\\u202e" in once
    assert "\\udcff" in once
    assert printable("SqueezeNet v1.1, zwölf \N{GRINNING FACE} \\n") == (
        "SqueezeNet v1.1, zwölf \N{GRINNING FACE} \\n"
    )
    assert printable_lines("a\tb\n\x1bc") == "a       b\n\\x1bc"


def test_an_error_is_one_line_and_a_log_behind_it() -> None:
    error = CheckFailed(f"{LINES}: failed", log=f"one\n{EVIL}\nthree")
    first, *rest = error.shown().split("\n")
    assert first == f"{printable(LINES)}: failed:"
    assert rest == ["one", printable(EVIL), "three"]
    assert "\n" not in FirebrickError(LINES).shown()
    with pytest.raises(CheckFailed) as caught, naming("file"):
        raise error
    assert (caught.value.message, caught.value.log) == (f"file: {error.message}", error.log)


# --- every way to the terminal --------------------------------------------------------------------


def report() -> SynthReport:
    part = InstanceReport(EVIL, EVIL, Resources(lut=1), 1.0)
    return SynthReport(EVIL, Family.XC7, (part,), 1.0)


def planned() -> object:
    network = small_network(bypass=False)
    found = plan(network, Goal(multipliers=8))
    layers = [
        SimpleNamespace(
            **{x: getattr(y, x) for x in y.__slots__} | {"name": LINES, "multipliers": 1}
        )
        for y in found.layers
    ]
    fields = {x: getattr(found, x) for x in ("multipliers", "mac_efficiency", "onchip_bytes")}
    fields |= {x: getattr(found, x) for x in found.__slots__ if x not in ("layers", "model")}
    return SimpleNamespace(
        **fields, memory_use=1.0, excess={}, model=LINES, layers=layers, board_name=EVIL
    )


BOARD = SimpleNamespace(
    **dict.fromkeys(("name", "title", "part", "platform"), LINES),
    clock_mhz=1,
    baud=10,
    family=Family.XC7,
    budget=Resources,
)
COUNTS = SimpleNamespace(resources=Resources(), version=EVIL)
TIMING = SimpleNamespace(fmax_mhz=1.0, met=True, setup_ns=0, hold_ns=0)
STAGE = SimpleNamespace(name="synth", utilization=COUNTS, timing=TIMING)
CSYNTH = SimpleNamespace(
    part=EVIL, period_ns=1.0, interval=None, latency=None, version=EVIL, resources=Resources()
)


def bars() -> None:
    with console.progress_bars() as progress:
        progress(LINES, 0.0)
        progress(LINES, 1.0)


def missing() -> None:
    def find() -> object:
        raise FirebrickError(LINES)

    with pytest.raises(SystemExit):
        tell(find)


WAYS: dict[str, Callable[[], object]] = {
    "out": lambda: console.OUT.print(LINES, soft_wrap=True),
    "err": lambda: console.ERR.print(LINES),
    "error": lambda: console.print_error(FirebrickError(LINES, log=LINES)),
    "os_error": lambda: console.print_error(FileNotFoundError(2, LINES, LINES)),
    "os_error_bare": lambda: console.print_error(OSError(LINES)),
    "table": lambda: console.table(
        LINES, (LINES, EVIL), [[LINES, {LINES: EVIL}], [Path(EVIL), 1]]
    ),
    "bars": bars,
    "missing_tool": missing,
    "found_tool": lambda: tell(lambda: LINES),
    "show": lambda: display.show(LINES, {LINES: LINES}, as_json=False),
    "json": lambda: display.show(LINES, {LINES: LINES}, as_json=True),
    "differences": lambda: display.print_differences({EVIL: [LayerDifference(EVIL, 1, 0)]}),
    "classes": lambda: display.print_classes([LINES], [[{"index": 1, "name": EVIL, "logit": 0}]]),
    "run": lambda: display.print_run(EVIL, EngineRun({}, 1.0)),
    "counts": lambda: yosys._print_counts(report(), None, None),
    "plan": lambda: plan_view.print_plan(planned(), BOARD),  # type: ignore[arg-type]
    "vivado": lambda: vivado._print(
        SimpleNamespace(stages=(STAGE,), core=EVIL, bitstream=EVIL, seconds=1.0),  # type: ignore[arg-type]
        Resources(),
        planned(),  # type: ignore[arg-type]
        BOARD,  # type: ignore[arg-type]
    ),
    "vitis_hls": lambda: vitis_hls._print(
        SimpleNamespace(report=CSYNTH, flow=EVIL, exported=EVIL, seconds=1.0),  # type: ignore[arg-type]
        BOARD,  # type: ignore[arg-type]
    ),
    "vitis": lambda: vitis._print(
        SimpleNamespace(clock_mhz=1, kernel=EVIL, xclbin=EVIL, resources=None, seconds=1.0),  # type: ignore[arg-type]
        planned(),  # type: ignore[arg-type]
        BOARD,  # type: ignore[arg-type]
    ),
    "nextpnr": lambda: nextpnr._print(
        SimpleNamespace(  # type: ignore[arg-type]
            resources={}, version=EVIL, timing=TIMING, bitstream=EVIL, seconds=1.0,
            geometry=SimpleNamespace(line_bytes=1),
        ),
        BOARD,  # type: ignore[arg-type]
        planned(),  # type: ignore[arg-type]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WAYS)
def test_no_way_to_the_terminal_obeys(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for out in (console.OUT, console.ERR):  # wide, whatever the environment says
        monkeypatch.setattr(out, "_width", 300)
        monkeypatch.setattr(out, "_height", 50)
    WAYS[name]()
    said = capsys.readouterr()
    text = said.out + said.err
    assert "gpj" in text
    if name == "bars":  # a bar moves the cursor by itself, on a terminal only
        assert EVIL not in text
    assert harmless(text)
    if name == "json":
        assert json.loads(said.out) == {LINES: LINES}


def test_all_that_is_printed_goes_one_of_these_ways() -> None:
    """Who prints past `console` prints figures, or escapes what files say."""
    package = Path(console.__file__).parent
    found = {}
    for path in package.rglob("*.py"):
        calls = [x for x in ast.walk(ast.parse(path.read_text())) if isinstance(x, ast.Call)]
        names = [ast.unparse(x.func) for x in calls]
        printing = [x for x in names if x in ("print", "typer.echo", "Console", "rich.print")]
        if any(x in ("sys.stdout.write", "sys.stderr.write") for x in names):
            printing.append("write")
        if printing:
            found[path.relative_to(package).as_posix()] = len(printing)
    assert found == {
        **{"console.py": 1, "cli/__init__.py": 1, "synth/found.py": 2},
        **{"web/__main__.py": 1, "deploy/run.py": 9},  # the driver has no rich
        **{"synth/yosys/worker.py": 1, "synth/nextpnr/worker.py": 1},  # into a log
        **{"synth/calibrate/fit.py": 1, "campaign/network.py": 3, "campaign/campaign.py": 4},
        **{"weights_package.py": 1},
    }


# --- the command line -----------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fill(tmp_path, small_network(bypass=False))


def onnx_with(name: str, attribute: str) -> bytes:
    value = onnx.helper.make_tensor_value_info
    node = onnx.helper.make_node(name, ["x"], ["y"], **{attribute: 1})
    shape = [1, 3, 8, 8]
    graph = onnx.helper.make_graph([node], name, [value("x", 1, shape)], [value("y", 1, shape)])
    return onnx.helper.make_model(graph).SerializeToString()


BAD = "a\x1b[31mb\u202e\x07"
PLAN = json.dumps({"format": 2, "model": BAD, "digest": BAD, BAD: BAD})


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", "q.onnx", "--board", f"{BAD}\n", "--multipliers", "8"],
        ["plan", f"{BAD}.onnx", "--multipliers", "8"],
        ["generate", "q.onnx", f"{BAD}.json", "-o", "out"],
        ["generate", "q.onnx", "evil.json", "-o", "out"],
        ["generate", "q.onnx", "a.png", "-o", f"no{BAD}/out"],
        ["import", "evil.onnx", "-o", "m.onnx"],
        ["import", "attribute.onnx", "-o", "m.onnx"],
        ["import", f"{BAD}\n", "-o", "m.onnx"],
        ["infer", "q.onnx", f"{BAD}\n.png"],
        ["verify", "q.onnx", "a.png", "--engines", BAD],
        ["synth", f"{BAD}\n"],
        ["synth", "folder"],
        ["synth", "folder", "--tool", "nextpnr", "--board", BAD],
        ["deploy", "q.onnx", "evil.json", "-o", "out"],
        ["serve", f"{BAD}\n"],
        ["serve", "folder"],
        ["report", "q.onnx", "-o", f"no{BAD}/x.md"],
        ["plan", "q.onnx", f"extra{BAD}\n"],
        [f"no{BAD}command"],
        ["plan", f"--no{BAD}option"],
        ["plan", "q.onnx", "--multipliers", BAD],
        ["synth", "folder", "--tool", BAD],
    ],
    ids=ascii,
)
def test_no_command_obeys_names(folder: Path, arguments: list[str]) -> None:
    (folder / "evil.json").write_text(PLAN)
    (folder / "evil.onnx").write_bytes(onnx_with(f"Evil{BAD}", "x"))
    (folder / "attribute.onnx").write_bytes(onnx_with("Relu", f"evil{BAD}"))
    (folder / "folder").mkdir()
    for name in ("manifest.json", "bundle.json"):
        (folder / "folder" / name).write_text(PLAN)
    result = firebrick(folder, *arguments)
    assert result.returncode == 2
    assert harmless(result.stdout + result.stderr), ascii(result.stderr)
    ours = [x for x in result.stderr.splitlines() if x.startswith("firebrick: ")]
    assert len(ours) == 1 or "Usage: " in result.stderr


def test_names_that_no_encoding_has_are_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="utf-8")
    with mock.patch.object(sys, "stderr", stream):
        console.print_error(FirebrickError("caf\udce9.onnx: is missing"))
    stream.flush()
    assert raw.getvalue() == b"firebrick: caf\\udce9.onnx: is missing\n"


def test_json_has_no_infinity(capsys: pytest.CaptureFixture[str]) -> None:
    """It is null, wherever it stands."""
    inf, nan = float("inf"), float("nan")
    console.emit_json({"sqnr_db": inf, "runs": [{"x": (nan, 1.5)}, -inf], "fits": True})
    printed = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert printed == {"sqnr_db": None, "runs": [{"x": [None, 1.5]}, None], "fits": True}
