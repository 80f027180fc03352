# SPDX-License-Identifier: Apache-2.0
"""One bug, one copy of the sources, one run of the tests that should see it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from xml.etree import ElementTree

import pyslang
from mutant_copy import digest, make_copy
from mutant_list import Mutant

from firebrick.verify.csim_build import ap_types

CAUGHT, SURVIVED, INVALID, BROKEN = "caught", "survived", "invalid", "broken"
"""A bug that tests see, or do not; that is no program; whose tests fail without it, too."""
KEYED = ("python/firebrick/verify/", "python/firebrick/files/")
"""Where a bug could put something wrong under a right key: such copies keep theirs for
themselves."""
PATIENCE, GRACE = 4.0, 60.0
"""Times what the tests take without the bug, and seconds on top, until they count as hanging."""
LONGEST = 1800.0
"""Seconds that tests may take without the bug."""
BUILD_FAILED = re.compile(r"(verilator|make|g\+\+) failed:")
ANCHOR_LOST = "times, not once"
"""What is said when other tests, which change our sources too, do not find what they change."""
REFUSED = ("USERFATAL", "static assertion failed", "static_assert")
"""What a compiler says when a check of ours refuses; that is seen, not invalid."""


class Interrupted(Exception):
    """Somebody wants to stop."""


@dataclass(frozen=True)
class Verdict:
    """What came of a trial.

    Attributes:
        outcome: see `CAUGHT`.
        seconds: that the tests took.
        says: the test that failed, or what is wrong.
    """

    outcome: str
    seconds: float
    says: str


class Laboratory:
    """Runs trials and keeps what came of them, by the content of bug, sources and tests.

    Args:
        sources: of which copies are made, see `take_sources`.
        build: folder with compiled simulations; results are kept there too.
    """

    def __init__(self, sources: Path, build: Path) -> None:
        self.sources, self.build, self.tree = sources, build, digest(sources)
        self.results = build / "mutants"
        self.results.mkdir(parents=True, exist_ok=True)
        self.stop = Event()
        """Set to end all trials."""

    def kept(self, *parts: str) -> Verdict | None:
        """What came of an earlier trial of the same in the same sources."""
        path = self._path(*parts)
        return Verdict(**json.loads(path.read_text())) if path.is_file() else None

    def prepare(self, mutants: Sequence[Mutant]) -> None:
        """Run the tests of all without any bug, where that has not been done: they have to pass.

        Raises:
            Interrupted: when `stop` is set.
        """
        untried = [x for x in mutants if self.kept(*x.key) is None]
        tests = sorted({test for x in untried for test in x.tests if self.kept(test) is None})
        if tests:
            with self._copy(None) as (copy, python, environment):
                report = copy / "report.xml"
                options = (f"--junit-xml={report}", "-o", "junit_family=xunit1")
                self._pytest(python, copy, [*options, *tests], environment, LONGEST)
                for test in tests:
                    self._keep(passed(report, test), test)

    def trial(self, mutant: Mutant) -> Verdict:
        """Plant a bug and run its tests, which `prepare` has tried.

        Raises:
            Interrupted: when `stop` is set.
        """
        if (before := self.kept(*mutant.key)) is not None:
            return before
        usual = [self.kept(x) or Verdict(BROKEN, 0.0, "was not run") for x in mutant.tests]
        if broken := [x for x in usual if x.outcome == BROKEN]:
            return replace(broken[0], says=f"without the bug: {broken[0].says}")
        limit = PATIENCE * sum(x.seconds for x in usual) + GRACE
        with self._copy(mutant) as (copy, python, environment):
            verdict = self._planted(mutant, copy, python, environment, limit)
        self._keep(verdict, *mutant.key)
        return verdict

    def _path(self, *parts: str) -> Path:
        key = sha256(repr((self.tree, *parts)).encode()).hexdigest()[:24]
        return self.results / f"{key}.json"

    def _keep(self, verdict: Verdict, *parts: str) -> None:
        path = self._path(*parts)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.{id(verdict)}")
        temporary.write_text(json.dumps(asdict(verdict)))
        temporary.replace(path)

    @contextmanager
    def _copy(self, mutant: Mutant | None) -> Iterator[tuple[Path, Path, dict[str, str]]]:
        """A copy of the sources, its Python and the environment to run it in."""
        keyed = mutant is not None and mutant.file.startswith(KEYED)
        with TemporaryDirectory(prefix="firebrick-mutant-", ignore_cleanup_errors=True) as scratch:
            copy = Path(scratch) / "firebrick"
            python = make_copy(self.sources, copy, None if keyed else self.build)
            yield copy, python, os.environ | ({"HOME": scratch} if keyed else {})

    def _planted(
        self, mutant: Mutant, copy: Path, python: Path, environment: dict[str, str], limit: float
    ) -> Verdict:
        path = copy / mutant.file
        later = path.stat().st_mtime + 2  # so that nothing compiled before is taken for it
        path.write_text(mutant.applied(copy))
        os.utime(path, (later, later))
        if wrong := not_a_program(copy, path):
            return Verdict(INVALID, 0.0, wrong)
        begin = time.monotonic()
        status, log = self._pytest(python, copy, ["-x", *mutant.tests], environment, limit)
        return judge(status, log, round(time.monotonic() - begin, 1), mutant)

    def _pytest(
        self,
        python: Path,
        copy: Path,
        arguments: Sequence[str],
        environment: dict[str, str],
        limit: float,
    ) -> tuple[int | None, str]:
        """Exit status of pytest, None if it had to be stopped, and what it said."""
        options = ("-q", "-rfE", "--tb=short", "-p", "no:cacheprovider", "--color=no")
        end = time.monotonic() + limit
        with (
            (copy / "log.txt").open("w+") as log,
            subprocess.Popen(
                [python, "-m", "pytest", *options, *arguments],
                cwd=copy,
                env=environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # so that all of its children can be ended
            ) as process,
        ):
            try:
                while (status := process.poll()) is None and time.monotonic() < end:
                    if self.stop.wait(0.05):
                        raise Interrupted
            finally:
                _end(process)
            log.seek(0)
            return status, log.read()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def passed(report: Path, test: str) -> Verdict:
    """What a report in JUnit's format says of a path or a `path::function`."""
    path, _, function = test.partition("::")
    module = path.removesuffix(".py").replace("/", ".")  # `file` is where a shared body stands
    cases = ElementTree.parse(report).iter("testcase") if report.is_file() else ()  # noqa: S314
    found = [
        x
        for x in cases
        if x.get("classname") == module
        and function in ("", x.get("name"), str(x.get("name")).partition("[")[0])
    ]
    seconds = sum(float(x.get("time", 0)) for x in found)
    failed = [x for x in found if x.find("failure") is not None or x.find("error") is not None]
    if failed or not found:
        says = f"{test} fails" if failed else f"{test} was not run"
        return Verdict(BROKEN, seconds, says)
    return Verdict(SURVIVED, seconds, "")


def judge(status: int | None, log: str, seconds: float, mutant: Mutant | None) -> Verdict:
    """What a run of pytest says of a bug.

    Only tests that ran and failed, or never ended, have seen it: a test that cannot be collected,
    or hardware that a compiler refuses for its grammar, has not.

    Args:
        status: of pytest; None if it did not end in time.
        log: what it said.
        seconds: that it took.
        mutant: None for the sources as they are.
    """
    failed = re.findall(r"^(?:FAILED|ERROR) (tests/.*)$", log, re.MULTILINE)
    says = failed[0][:200] if failed else log.strip()[-200:]
    if status is None:
        return Verdict(CAUGHT, seconds, "does not end")
    if status == 0:
        return Verdict(SURVIVED, seconds, "")
    if status != 1:
        return Verdict(INVALID, seconds, f"pytest ends with {status}: {says}")
    if ANCHOR_LOST in log:
        return Verdict(INVALID, seconds, f"another test changes the same text: {says}")
    hardware = mutant is not None and not mutant.file.endswith(".py")
    if hardware and BUILD_FAILED.search(log) and not any(x in log for x in REFUSED):
        return Verdict(INVALID, seconds, f"does not build: {says}")
    return Verdict(CAUGHT, seconds, says)


def not_a_program(copy: Path, path: Path) -> str:
    """Why a file is no program at all, in which case tests would prove nothing; else empty."""
    if path.suffix == ".sv":
        return _elaborated(copy, path)
    if path.suffix == ".py":
        command = [str(copy / ".venv" / "bin" / "ruff"), "check", "--select", "E9,F821,F823"]
        command += ["--no-cache", "--quiet", str(path)]
    elif path.suffix in (".h", ".hpp", ".cpp"):
        folders = (copy / "hls" / "csim", copy / "hls" / "include", copy / "sim" / "shell")
        command = ["g++", "-std=c++17", "-fsyntax-only", "-x", "c++", *(f"-I{x}" for x in folders)]
        command += ["-isystem", str(ap_types()), str(path)]
    else:
        return ""
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return (result.stdout + result.stderr).strip()[:200] if result.returncode else ""


def _elaborated(copy: Path, path: Path) -> str:
    """What slang says of a module among all others."""
    compilation = pyslang.ast.Compilation()
    for file in {path, *(copy / "hw").rglob("*.sv")}:
        compilation.addSyntaxTree(pyslang.syntax.SyntaxTree.fromFile(str(file)))
    wrong = [f"{x.code} {x.args}" for x in compilation.getAllDiagnostics() if x.isError()]
    return wrong[0][:200] if wrong else ""
