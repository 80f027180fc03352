# SPDX-License-Identifier: Apache-2.0
"""`examples/ci/`: the step of the workflow that compares, run as in a user's repository."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from command_line import fill
from networks import small_network

EXAMPLE = Path(__file__).parents[2] / "examples" / "ci"
JOB = yaml.safe_load((EXAMPLE / "firebrick.yml").read_text())["jobs"]["verify"]
GOAL = "--multipliers 30"
"""For a network that is smaller than the workflow's."""
DIFFERING = """#!{python}
import sys
from firebrick.cli import main
from firebrick.api import verifying

def wrong(job):
    run = verifying.ENGINES["numpy"](job)
    run.tensors["pool10"][0, -1] += 1
    return run

verifying.ENGINES = dict(verifying.ENGINES) | {{"rtl": wrong}}
sys.exit(main())
"""
"""The command line, with hardware that gives one value wrong."""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A user's, as the workflow finds it: the script, a model and a photograph."""
    fill(tmp_path, small_network(bypass=False))
    (tmp_path / "q.onnx").rename(tmp_path / "model.quant.onnx")
    (tmp_path / "a.png").rename(tmp_path / "photo.png")
    script = tmp_path / ".github" / "firebrick" / "check.sh"
    script.parent.mkdir(parents=True)
    shutil.copyfile(EXAMPLE / "check.sh", script)
    return tmp_path


def compare(
    repository: Path, *, programs: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the step that compares as a hosted machine does.

    Args:
        repository: folder where it runs.
        programs: folder that is looked into before Python's own.
        variables: of the job, in place of those of the workflow.
    """
    (command,) = (x["run"] for x in JOB["steps"] if x.get("name", "").startswith("Compare"))
    path = [str(Path(sys.executable).parent), os.environ["PATH"]]
    own = {"PATH": os.pathsep.join([*([str(programs)] if programs else []), *path])}
    return subprocess.run(
        ["/bin/bash", "-e", "-c", command],
        cwd=repository,
        env=os.environ | own | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def report(repository: Path) -> dict:
    return json.loads((repository / "firebrick" / "verify.json").read_text())


def test_equal_values_pass_and_are_counted(repository: Path) -> None:
    result = compare(repository, GOAL=GOAL)
    assert result.returncode == 0, result.stderr
    values = sum(x.operator.output.values for x in small_network(bypass=False))
    engines = report(repository)["engines"]
    assert {name: (x["values"], x["differing"]) for name, x in engines.items()} == {
        "onnxruntime": (values, 0),
        "rtl": (values, 0),
    }
    planned = json.loads((repository / "firebrick" / "plan.json").read_text())
    assert engines["rtl"]["predicted_cycles_per_frame"] == planned["cycles_per_frame"]
    # What is printed is in the log of a run that nobody can download any more.
    assert (repository / "firebrick" / "verify.json").read_text() in result.stdout


def test_a_plan_in_the_repository_is_the_hardware(repository: Path) -> None:
    assert compare(repository, GOAL=GOAL).returncode == 0
    (repository / "firebrick" / "plan.json").rename(repository / "plan.json")
    result = compare(repository, PLAN="plan.json", GOAL="--nonsense")
    assert result.returncode == 0, result.stderr
    assert report(repository)["differing"] == 0
    assert not (repository / "firebrick" / "plan.json").exists()


def test_one_differing_value_fails_and_is_counted(repository: Path, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "firebrick"
    program.parent.mkdir()
    program.write_text(DIFFERING.format(python=sys.executable))
    program.chmod(0o755)
    result = compare(repository, programs=program.parent, GOAL=GOAL)
    assert result.returncode == 1
    assert "rtl differs in 1 values" in result.stderr
    assert report(repository)["differing"] == 1


def test_a_plan_of_another_network_is_bad_input(repository: Path) -> None:
    other = repository / "other"
    other.mkdir()
    fill(other, small_network(seed=2, bypass=False))
    command = [Path(sys.executable).with_name("firebrick"), "plan", "q.onnx", *GOAL.split()]
    subprocess.run([*command, "-o", "plan.json"], cwd=other, capture_output=True, check=True)
    result = compare(repository, PLAN="other/plan.json")
    assert result.returncode == 2
    assert "other/plan.json" in result.stderr


def test_a_goal_out_of_reach_fails(repository: Path) -> None:
    result = compare(repository, GOAL="--max-cycles 1")
    assert result.returncode == 1
    assert not (repository / "firebrick" / "verify.json").exists()


def test_the_script_says_how_it_is_called(tmp_path: Path) -> None:
    command = ["/bin/bash", EXAMPLE / "check.sh", "firebrick", "model.quant.onnx"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.startswith("usage: check.sh FOLDER MODEL PHOTOGRAPH")
    assert list(tmp_path.iterdir()) == []


def test_the_workflow_uploads_what_the_step_writes() -> None:
    steps = JOB["steps"]
    (command,) = (x["run"].split() for x in steps if "check.sh" in x.get("run", ""))
    upload = steps[-1]
    assert upload["uses"].startswith("actions/upload-artifact@")
    assert upload["with"]["path"] == f"{command[2]}/"
    assert "cancelled()" in upload["if"]  # else a run that failed would upload nothing


def test_the_workflow_keeps_what_is_compiled(repository: Path) -> None:
    assert compare(repository, GOAL=GOAL).returncode == 0
    (path,) = (x["with"]["path"] for x in JOB["steps"] if "actions/cache@" in x.get("uses", ""))
    assert any((Path.home() / path.removeprefix("~/") / "models").iterdir())
