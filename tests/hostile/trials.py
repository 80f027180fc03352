# SPDX-License-Identifier: Apache-2.0
"""Commands given inputs that an attacker changed, drawn by a seed; what must not come of them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import attacks
import numpy as np

import deployed
from firebrick.data import data_folder
from firebrick.quantize.integer_onnx import export

BASE = ("q.onnx", "plan.json", "a.png", "rtl", "bundle", "board.toml")
"""What every trial begins with; made by us."""
DOCUMENTS = {"rtl": "manifest.json", "bundle": "bundle.json"}
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that give orders to a terminal."""


@dataclass
class Trial:
    """One attack.

    Attributes:
        seed: of everything drawn.
        kind: what is changed: a name in `ATTACKS`.
        folder: of the changed inputs; commands run there.
        outputs: what commands may write, by their ``-o``.
        commands: arguments of each.
        kept: texts of files that have to be there afterwards, by path.
    """

    seed: int
    kind: str
    folder: Path
    outputs: list[str] = field(default_factory=list)
    commands: list[list[str]] = field(default_factory=list)
    kept: dict[str, bytes] = field(default_factory=dict)

    def add(self, *words: str) -> None:
        """A command; what stands behind its ``-o`` is an output."""
        self.commands.append(list(words))
        if "-o" in words:
            self.outputs.append(words[words.index("-o") + 1])


def prepare(base: Path) -> None:
    """Make `BASE`."""
    base.mkdir()
    deployed.make(base)
    deployed.fields(base, "generate", "q.onnx", "plan.json", "-o", "rtl")
    attacks.copy(data_folder("hw") / "boards" / "pynq-z2.toml", base / "board.toml")


def draw(seed: int, base: Path, root: Path) -> Trial:
    """Change a copy of `BASE` as the seed says."""
    rng = np.random.default_rng(seed)
    kind = list(ATTACKS)[seed % len(ATTACKS)]
    trial = Trial(seed, kind, root / f"trial-{seed}")
    trial.folder.mkdir()
    for name in BASE:
        attacks.copy(base / name, trial.folder / name)
    ATTACKS[kind](rng, trial)
    for path in sorted(trial.folder.rglob("*")):
        name = path.relative_to(trial.folder).as_posix()
        if path.is_file() and not path.is_symlink() and not (base / name).exists():
            trial.kept[name] = path.read_bytes()
    return trial


def attack_plan(rng: np.random.Generator, trial: Trial) -> None:
    """Fields of a plan."""
    attacks.mutate_json(rng, trial.folder / "plan.json")
    model = ("q.onnx", "plan.json", "-o", "out")
    trial.add(
        *attacks.pick(
            rng,
            (
                ("generate", *model),
                ("generate", *model, "--target", "hls"),
                ("deploy", *model),
                ("verify", "q.onnx", "a.png", "--engines", "rtl", "--plan", "plan.json"),
            ),
        )
    )


def attack_folder(rng: np.random.Generator, trial: Trial) -> None:
    """Files of a generated folder."""
    for _ in range(int(rng.integers(1, 3))):
        attacks.mutate_folder(rng, trial.folder / "rtl", DOCUMENTS["rtl"])
    synth = ("synth", "rtl", "--board", "pynq-z2")
    trial.add(*attacks.pick(rng, (synth, synth, ("generate", "q.onnx", "plan.json", "-o", "rtl"))))


def attack_bundle(rng: np.random.Generator, trial: Trial) -> None:
    """Files of a bundle; mostly its checksums are brought up to date.

    Its SystemVerilog and memory images are left as they are where it is served: they are a program.
    """
    bundle = trial.folder / "bundle"
    before = {x: x.read_bytes() for x in (bundle / "rtl").rglob("*") if x.suffix in (".sv", ".mem")}
    for _ in range(int(rng.integers(1, 3))):
        attacks.mutate_folder(rng, bundle, DOCUMENTS["bundle"])
    if rng.random() < 0.3:
        trial.add("deploy", "q.onnx", "plan.json", "-o", "bundle")
        return
    for path, data in before.items():
        if path.is_file() and not path.is_symlink():
            path.write_bytes(data)
    if rng.random() < 0.7:
        attacks.sign(bundle, DOCUMENTS["bundle"])
    trial.add("serve", "bundle", "--port", "0")


def attack_board(rng: np.random.Generator, trial: Trial) -> None:
    """A board's file."""
    attacks.mutate_toml(rng, trial.folder / "board.toml")
    board = ("--board", "board.toml")
    trial.add(
        *attacks.pick(
            rng,
            (
                ("plan", "q.onnx", *board, "-o", "out.json"),
                ("synth", "rtl", *board),
                ("synth", "rtl", "--tool", "vivado", *board),
                ("deploy", "q.onnx", "plan.json", "-o", "out", *board),
            ),
        )
    )


def attack_names(rng: np.random.Generator, trial: Trial) -> None:
    """Names of the network and its classes, and of files and folders."""
    text = attacks.pick(rng, attacks.TEXTS)
    network = replace(deployed.network(), name=text)
    if rng.random() < 0.5:
        network = replace(network, labels=(text, *network.labels[1:]))
    try:
        export.write(network, trial.folder / "q.onnx")
    except Exception:  # then the model stays as it is, and paths are attacked
        attacks.copy(trial.folder / "bundle" / "model" / "quant.onnx", trial.folder / "q.onnx")
    name = attacks.pick(rng, attacks.TEXTS)
    name = "".join(x for x in name if x not in "/\0")[:80] or "x"
    (trial.folder / "q.onnx").rename(trial.folder / f"{name}.onnx")
    model, out = f"./{name}.onnx", f"./{name}"
    trial.add("plan", model, "--multipliers", "6", "-o", f"{out}.json")
    trial.add("generate", model, f"{out}.json", "-o", f"{out}.rtl")
    last = ("synth", f"{out}.rtl", "--board", "pynq-z2")
    deploy = ("deploy", model, f"{out}.json", "-o", f"{out}.bundle")
    trial.add(*attacks.pick(rng, (last, deploy, ("infer", model, "a.png"))))


def attack_array(rng: np.random.Generator, trial: Trial) -> None:
    """An array to classify."""
    path = trial.folder / "x.npy"
    np.save(path, rng.integers(0, 256, (deployed.SIDE, deployed.SIDE, 3)).astype(np.uint8))
    attacks.mutate_bytes(rng, path)
    deploy = ("deploy", "q.onnx", "plan.json", "-o", "out", "--sample", "x.npy")
    trial.add(*attacks.pick(rng, (("infer", "q.onnx", "x.npy"), deploy)))


ATTACKS: dict[str, Callable[[np.random.Generator, Trial], None]] = {
    "plan": attack_plan,
    "folder": attack_folder,
    "bundle": attack_bundle,
    "board": attack_board,
    "names": attack_names,
    "array": attack_array,
}


def wrong_words(status: int, said: str) -> list[str]:
    """What is wrong with how a command ended.

    Args:
        status: its exit status.
        said: its standard output and error.
    """
    wrong = []
    if status not in (0, 1, 2):
        wrong.append(f"exit status {status}: {said[-300:]!r}")
    if "Traceback" in said:
        wrong.append(said[-600:])
    if found := UNSEEN.search(said):
        wrong.append(f"printed {found[0]!r}")
    lines = [x for x in said.splitlines() if x.startswith("firebrick: ")]
    if status in (1, 2) and len(lines) != 1 and "Usage: " not in said:
        wrong.append(f"{len(lines)} error lines: {said[-300:]!r}")
    return wrong


def allowed(trial: Trial, *others: Path) -> tuple[str, ...]:
    """Beginnings of paths that its commands may write.

    Args:
        trial: to be run.
        others: folders beside its outputs.
    """
    outputs = [os.path.normpath(trial.folder / x) for x in trial.outputs]
    beside = [f"{Path(x).parent}/.firebrick-" for x in outputs]  # until it is whole
    inside = [*others, Path.home() / ".cache" / "firebrick", "/dev", "/proc", *outputs]
    return (*beside, *(f"{x}/" for x in inside))


def touched(trial: Trial, changed: set[str], *others: Path) -> list[str]:
    """Paths changed that its commands may not write; see `allowed`."""
    outputs = {os.path.normpath(trial.folder / x) for x in trial.outputs}
    outputs |= {str(x) for x in others}  # nameless files are opened by their folder's name
    good = allowed(trial, *others)
    return [f"touched {x}" for x in sorted(changed - outputs) if not x.startswith(good)]


def lost(trial: Trial) -> list[str]:
    """Files of the attacker's that are gone or changed, and what commands left behind."""

    def same(path: Path, data: bytes) -> bool:
        return path.is_file() and path.read_bytes() == data

    wrong = [f"lost {x}" for x, data in trial.kept.items() if not same(trial.folder / x, data)]
    hidden = [x.name for x in trial.folder.iterdir() if x.name.startswith(".firebrick-")]
    return wrong + [f"left {x}" for x in hidden]
