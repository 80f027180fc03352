# SPDX-License-Identifier: Apache-2.0
"""Folders, plans, manifests and boards mutated at random: one line, nothing outside touched or run.

Mutants that are still right go on to where the tool would be started; that start is replaced.
"""

import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import fill, firebrick
from firebrick.cache import cache_folder
from firebrick.errors import FirebrickError
from firebrick.resources import data_folder
from networks import small_network

STOPPED = "stopped before the tool"
TEXTS = (
    "; exec -- touch outside", "$(touch outside)", "`touch outside`", "[exec touch outside]",
    "../../outside", "/etc/passwd", "-o", "a\nb", "\x1b[2J", "}; {", '"', "\\", "ü", "", "x" * 300,
    "synopsys translate_off", "*/", "../outside.toml", "{0}", "%s", "\u202e",
)  # fmt: skip
VALUES = (None, True, 0, -1, 1, 3.5, 1 << 70, [], {}, [[]], "0", *TEXTS)
CACHE = cache_folder("plans").parent
RUNS, MUTANTS = 10, 30
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


class Watch:
    """What Python does while a command runs: processes begun, files opened to be written."""

    def __init__(self) -> None:
        self.on = False
        self.processes: list[str] = []
        self.written: list[Path] = []
        self.read: list[str] = []
        sys.addaudithook(self.hook)

    def hook(self, event: str, arguments: tuple) -> None:
        if not self.on:
            return
        if event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"):
            self.processes.append(f"{event} {arguments!r:.200}")
        elif event == "open" and isinstance(arguments[0], str):
            flags = arguments[2] if isinstance(arguments[2], int) else 0
            if flags & WRITING:
                self.written.append(Path(os.path.abspath(arguments[0])))  # noqa: PTH100
            self.read.append(arguments[0])


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = fill(tmp_path_factory.mktemp("mutated"), small_network(bypass=False))
    limits = ("--board", "pynq-z2", "--multipliers", "12")
    assert firebrick(folder, "plan", "q.onnx", *limits, "-o", "plan.json").returncode == 0
    assert firebrick(folder, "generate", "q.onnx", "plan.json", "-o", "rtl").returncode == 0
    shutil.copyfile(data_folder("hw") / "boards" / "pynq-z2.toml", folder / "own.toml")
    (folder / "outside.mem").write_text("secret\n")
    return folder


@pytest.fixture
def _no_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> object:
        raise FirebrickError(STOPPED)

    for place in (
        *("firebrick.synth.yosys.synthesize_module", "firebrick.synth.nextpnr.synthesize"),
        "firebrick.verify.rtl_engine.build_network",
    ):
        monkeypatch.setattr(place, stop)
    for name, answer in (("find_tool", "tool"), ("version_of", "0")):
        monkeypatch.setattr(f"firebrick.synth.nextpnr.{name}", lambda *_, x=answer: x)


def leaves(value: object) -> Iterator[tuple[dict | list, object]]:
    """Containers and keys of all values."""
    items = value.items() if isinstance(value, dict) else enumerate(value)  # type: ignore[arg-type]
    for key, inner in list(items):
        yield value, key  # type: ignore[misc]
        if isinstance(inner, dict | list):
            yield from leaves(inner)


def mutate_json(path: Path, rng: random.Random) -> None:
    document = json.loads(path.read_text())
    for _ in range(rng.choice((1, 1, 2, 5))):
        container, key = rng.choice(list(leaves(document)))
        match rng.randrange(4):
            case 0 if key in container or isinstance(container, list):
                del container[key]  # type: ignore[arg-type]
            case 1 if isinstance(container, dict):
                container[rng.choice(TEXTS)] = rng.choice(VALUES)
            case _:
                container[key] = rng.choice(VALUES)  # type: ignore[index,call-overload]
    path.write_text(json.dumps(document))


def mutate_text(path: Path, rng: random.Random) -> None:
    text = path.read_text()
    for _ in range(rng.choice((1, 1, 3))):
        at = rng.randrange(len(text))
        cut = rng.choice((0, 0, 1, 5, 100))
        text = text[:at] + rng.choice((*TEXTS, "(", ")", " ", "\n", "9")) + text[at + cut :]
    path.write_text(text)


def mutate_file(path: Path, rng: random.Random) -> None:
    """Another kind of file, or another name."""
    outside = path.parents[len(path.parents) - 1]
    other = path.with_name(rng.choice(("-x", ".x", "a b", "a;b", "ü", "$x")) + path.suffix)
    match rng.randrange(5):
        case 0:
            path.unlink()
            os.mkfifo(path)
        case 1:
            path.unlink()
            path.symlink_to(outside / "etc" / "passwd")
        case 2:
            path.rename(other)
        case 3:
            shutil.copyfile(path, other)
        case _:
            path.unlink()
            path.mkdir()


def mutate(folder: Path, rng: random.Random) -> list[str]:
    """Spoil something; returns a command that reads it."""
    target = rng.choice(
        ("plan", "plan", "manifest", "manifest", "folder", "folder", "folder", "toml")
    )
    rtl = folder / "rtl"
    synth = ["synth", "rtl", "--tool", rng.choice(("yosys", "yosys", "nextpnr"))]
    if rng.random() < 0.3:
        synth.append("--trust-sources")
    if target == "toml":
        mutate_text(folder / "own.toml", rng)
        return ["synth", "rtl", "--board", "own.toml"]
    if target == "plan":
        rng.choice((mutate_json, mutate_json, mutate_text))(folder / "plan.json", rng)
        return rng.choice(
            (
                ["generate", "q.onnx", "plan.json", "-o", "out"],
                ["generate", "q.onnx", "plan.json", "-o", "out", "--target", "hls"],
                ["deploy", "q.onnx", "plan.json", "-o", "out"],
                ["verify", "q.onnx", "a.png", "--engines", "rtl", "--plan", "plan.json"],
            )
        )
    if target == "manifest":
        rng.choice((mutate_json, mutate_json, mutate_text))(rtl / "manifest.json", rng)
        return synth
    files = sorted(rtl.glob("*.sv")) * 5 + sorted(rtl.glob("*.mem")) + sorted(rtl.glob("hw/*.sv"))
    rng.choice((mutate_text, mutate_text, mutate_file))(rng.choice(files), rng)
    return synth


def is_ours(path: Path, folder: Path) -> bool:
    """Whether a command may write there: its output, scratch folders, the cache."""
    if path.is_relative_to(folder):
        return path.relative_to(folder).parts[0].startswith(("out", ".out."))
    return any(path.is_relative_to(x) for x in (tempfile.gettempdir(), CACHE, "/dev/null"))


def check(original: Path, folder: Path, watch: Watch, seed: int) -> str:
    """One mutant; returns how it ended."""
    shutil.copytree(original, folder)
    arguments = mutate(folder, random.Random(seed))
    before = {x for x in folder.rglob("*") if x.is_symlink() or not x.is_dir()}
    watch.processes.clear()
    watch.written.clear()
    watch.read.clear()
    watch.on = True
    try:
        result = firebrick(folder, *arguments, "--json")
    finally:
        watch.on = False
    place = f"seed {seed}: {arguments}"
    assert result.returncode in (0, 1, 2), place
    assert "Traceback" not in result.stderr, place
    lines = [x for x in result.stderr.splitlines() if x.startswith("firebrick: ")]
    assert len(lines) == (result.returncode != 0), f"{place}: {result.stderr}"
    assert all(x.isprintable() for x in result.stderr.splitlines()), place
    assert watch.processes == [], place
    assert not [x for x in watch.read if x == "/etc/passwd"], place
    if result.returncode:
        after = {x for x in folder.rglob("*") if x.is_symlink() or not x.is_dir()}
        assert after == before, place
    assert [x for x in watch.written if not is_ours(x, folder)] == [], place
    shutil.rmtree(folder)
    return "stopped" if result.returncode and STOPPED in lines[0] else str(result.returncode)


@pytest.mark.usefixtures("_no_tools")
@pytest.mark.parametrize(
    "run", [pytest.param(x, marks=[pytest.mark.slow] if x else []) for x in range(RUNS)]
)
def test_mutants_are_refused_in_one_line(
    run: int, original: Path, tmp_path: Path, watch: Watch
) -> None:
    seeds = range(run * MUTANTS, (run + 1) * MUTANTS)
    ends = [check(original, tmp_path / "mutant", watch, seed) for seed in seeds]
    assert ends.count("2") > MUTANTS / 2
