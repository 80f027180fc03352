# SPDX-License-Identifier: Apache-2.0
"""Workflows for hosted machines: what they run, what they may, and that both are pinned."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
OWN = ROOT / ".github" / "workflows"
CI = OWN / "ci.yml"
EXAMPLE = ROOT / "examples" / "ci" / "firebrick.yml"
WORKFLOWS = [*sorted(OWN.iterdir()), EXAMPLE]
USES = re.compile(r"^ *(?:- )?uses: *(?P<uses>[^#\n]*?)(?P<comment> #[^\n]*)?$", re.MULTILINE)
LONGEST = 60
"""Minutes."""


def unpinned(text: str) -> list[str]:
    """Actions that could become others: not by a whole commit, or without its version beside it."""
    wrong = []
    for match in USES.finditer(text):
        pinned = re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", match["uses"])
        named = re.fullmatch(r" # v\d+\.\d+\.\d+", match["comment"] or "")
        wrong += [] if pinned and named else [match["uses"]]
    return wrong


def faults(text: str) -> list[str]:
    """What is wrong with a workflow, whoever's it is."""
    workflow = yaml.safe_load(text)
    found = [f"unpinned: {x}" for x in unpinned(text)]
    if workflow.get("permissions") != {"contents": "read"}:
        found.append("permissions")
    for name, job in workflow["jobs"].items():
        if "permissions" in job:
            found.append(f"{name}: permissions")
        if not re.fullmatch(r"ubuntu-\d\d\.\d\d", job["runs-on"]):
            found.append(f"{name}: runs-on")
        if not 0 < job.get("timeout-minutes", 0) <= LONGEST:
            found.append(f"{name}: timeout-minutes")
        for step in job["steps"]:
            checks_out = step.get("uses", "").startswith("actions/checkout@")
            if checks_out and step.get("with", {}).get("persist-credentials") is not False:
                found.append(f"{name}: persist-credentials")
            # What stands there might be chosen by whoever sends a change.
            if "${{" in step.get("run", ""):
                found.append(f"{name}: run")
    return found


def steps(path: Path) -> list[dict[str, Any]]:
    """Steps of the one job of a workflow."""
    (job,) = yaml.safe_load(path.read_text())["jobs"].values()
    return job["steps"]


def inputs(path: Path, action: str) -> dict[str, Any]:
    """What the one step of an action is given."""
    (step,) = (x for x in steps(path) if x.get("uses", "").startswith(f"{action}@"))
    return step["with"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda x: x.name)
def test_workflow_is_pinned_and_may_only_read(path: Path) -> None:
    assert faults(path.read_text()) == []


WRONG = {
    r"@[0-9a-f]{40} # v[\d.]+": ("@v7", "unpinned: actions/"),
    r"(@[0-9a-f]{39})[0-9a-f] ": (r"\1 ", "unpinned: actions/"),
    r" # v[\d.]+": ("", "unpinned: actions/"),
    r"contents: read": ("contents: write", "permissions"),
    r"permissions:\n  contents: read\n": ("", "permissions"),
    r"(    timeout-minutes)": (r"    permissions: write-all\n\1", "ci: permissions"),
    r"ubuntu-[\d.]+": ("ubuntu-latest", "ci: runs-on"),
    r" *timeout-minutes: 60\n": ("", "ci: timeout-minutes"),
    r"minutes: 60": ("minutes: 360", "ci: timeout-minutes"),
    r"persist-credentials: false": ("persist-credentials: true", "ci: persist-credentials"),
    r"run: .ci/run": ("run: echo ${{ github.head_ref }}", "ci: run"),
}
"""Changes to the workflow, and what must be said of it."""


@pytest.mark.parametrize("pattern", WRONG)
def test_what_is_wrong_with_a_workflow_is_found(pattern: str) -> None:
    change, fault = WRONG[pattern]
    text, count = re.subn(pattern, change, CI.read_text(), count=1)
    assert count == 1
    (found,) = faults(text)
    assert found.startswith(fault)


def test_an_action_has_one_version() -> None:
    pins = {x["uses"] for path in WORKFLOWS for x in USES.finditer(path.read_text())}
    assert len(pins) == len({x.split("@")[0] for x in pins})


def test_ci_runs_what_decides_here_too_and_nothing_else() -> None:
    assert [x["run"] for x in steps(CI) if "run" in x] == [".ci/run"]
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111 == 0o111


def test_ci_ends_older_runs_of_a_branch() -> None:
    concurrency = yaml.safe_load(CI.read_text())["concurrency"]
    assert concurrency["cancel-in-progress"] is True
    assert "github.ref }}" in concurrency["group"]


def test_ci_has_the_oldest_python_that_will_do() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    version = inputs(CI, "actions/setup-python")["python-version"]
    assert project["requires-python"] == f">={version}"


def test_ci_keeps_what_the_build_makes(build_root: Path) -> None:
    assert inputs(CI, "actions/cache")["path"] == build_root.relative_to(ROOT).as_posix()
    python = inputs(CI, "actions/setup-python")
    makefile = (ROOT / "Makefile").read_text()
    assert python["cache"] == "pip"
    assert f"-r {python['cache-dependency-path']}\n" in makefile


def test_keys_are_made_of_files_that_are_there() -> None:
    cache = inputs(CI, "actions/cache")
    patterns = re.findall(r"'([^']+)'", cache["key"])
    assert {x.split("/")[0] for x in patterns} == {"hw", "sim", "hls", "python"}
    for pattern in patterns:
        assert any(x.is_file() for x in ROOT.glob(f"{pattern}/*")), pattern
    assert cache["key"].startswith(cache["restore-keys"])
    assert "\n" not in cache["key"]


# --- .ci/run --------------------------------------------------------------------------------------


def run_ci(folder: Path, programs: dict[str, str]) -> list[str]:
    """What `.ci/run` starts where there are no other programs than these; a value is what one does.

    Every program says in the log how it was called.
    """
    script = folder / ".ci" / "run"
    script.parent.mkdir()
    script.write_text((ROOT / ".ci" / "run").read_text())
    tools, log = folder / "bin", folder / "log"
    tools.mkdir()
    for name in ("dirname", "env"):
        (tools / name).symlink_to(f"/usr/bin/{name}")
    for name, does in programs.items():
        text = f'#!/bin/bash\necho "{name} $*" >> {log}\n{does}\n'
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    environment = {"PATH": str(tools)}
    subprocess.run(["/bin/bash", script], env=environment, check=True)
    return [x for x in log.read_text().splitlines() if not x.startswith("id ")]


ALL = {"make": "", "chromium": "", "strace": ""}
USER = {"id": "echo 1000", "sudo": '"$@"', "apt-get": ""}
INSTALL = "apt-get install -y -qq --no-install-recommends"


def test_ci_installs_nothing_that_is_there(tmp_path: Path) -> None:
    assert run_ci(tmp_path, ALL | USER) == ["make lint", "make test"]


def test_ci_installs_what_lacks_as_root(tmp_path: Path) -> None:
    ran = run_ci(tmp_path, {"make": "", "apt-get": "", "id": "echo 0", "sudo": "exit 1"})
    wanted = ["apt-get update -qq", f"{INSTALL} chromium strace", "make lint", "make test"]
    assert ran == wanted


def test_ci_asks_sudo_if_it_must(tmp_path: Path) -> None:
    ran = run_ci(tmp_path, {"make": "", "chromium": ""} | USER)
    assert [x for x in ran if x.startswith("apt-get")] == [
        "apt-get update -qq",
        f"{INSTALL} strace",
    ]
    assert [x.split()[0] for x in ran] == ["sudo", "apt-get", "sudo", "apt-get", "make", "make"]


def test_ci_goes_without_sudo_where_there_is_none(tmp_path: Path) -> None:
    ran = run_ci(tmp_path, {"make": "", "strace": "", "apt-get": "", "id": "echo 1000"})
    assert ran == ["apt-get update -qq", f"{INSTALL} chromium", "make lint", "make test"]


def test_ci_fails_with_lint_and_tests(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        run_ci(tmp_path, ALL | {"make": "[ $1 = test ]"})
    assert (tmp_path / "log").read_text().splitlines()[-1] == "make lint"
