# SPDX-License-Identifier: Apache-2.0
"""Plant bugs one at a time in a copy of the sources and see whether the fast tests notice.

What came of each is kept under `build/mutants` until the bug, the sources or the tests change, so a
run that was stopped goes on where it was. Exit status 1 when a bug survives that is not declared
equivalent, or cannot be tried.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from mutant_copy import take_sources
from mutant_list import BEGIN, END, ROOT, Mutant, faults, read_all, table
from mutant_trial import CAUGHT, SURVIVED, Interrupted, Laboratory, Verdict

PAGE = ROOT / "docs" / "testing.md"


def chosen(mutants: Sequence[Mutant], only: str, part: str) -> list[Mutant]:
    """Those whose `area/name` holds a pattern, and of them a part such as ``2/4``."""
    found = [x for x in mutants if re.search(only, f"{x.area}/{x.name}")]
    number, count = (int(x) for x in part.split("/"))
    if not 1 <= number <= count:
        raise ValueError(f"--part: {part} is not one of 1/{count} to {count}/{count}")
    return found[number - 1 :: count]


def is_good(mutant: Mutant, verdict: Verdict) -> bool:
    """Whether a bug was seen, or could not be, as declared."""
    return verdict.outcome == (SURVIVED if mutant.equivalent else CAUGHT)


def run(mutants: Sequence[Mutant], laboratory: Laboratory, jobs: int) -> dict[str, Verdict]:
    """Try all, some at a time; tells of each on standard error.

    Raises:
        KeyboardInterrupt: after all trials have been ended.
    """
    verdicts: dict[str, Verdict] = {}
    with ThreadPoolExecutor(jobs) as pool:
        try:
            laboratory.prepare(mutants)
            futures = {pool.submit(laboratory.trial, x): x for x in mutants}
            for future in as_completed(futures):
                mutant, verdict = futures[future], future.result()
                verdicts[mutant.name] = verdict
                head = f"[{len(verdicts)}/{len(mutants)}] {mutant.area}/{mutant.name}"
                line = f"{head}: {verdict.outcome} ({verdict.seconds:g} s) {verdict.says}"
                print(line[:200], file=sys.stderr, flush=True)
        except (KeyboardInterrupt, Interrupted):
            laboratory.stop.set()
            pool.shutdown(cancel_futures=True)
            raise KeyboardInterrupt from None
    return verdicts


def summary(mutants: Sequence[Mutant], verdicts: dict[str, Verdict]) -> str:
    """A line for each bug that is not as it should be, and the counts."""
    lines = []
    for x in mutants:
        if not is_good(x, verdicts[x.name]):
            lines.append(f"{x.area}/{x.name}: {verdicts[x.name].outcome}: {verdicts[x.name].says}")
            lines += [f"  {x.why}", f"  {x.file}: {x.old!r} -> {x.new!r}", f"  {' '.join(x.tests)}"]
    counts = Counter(verdicts[x.name].outcome for x in mutants if not x.equivalent)
    total = sum(counts.values())
    share = f", {counts[CAUGHT] / total:.0%} caught" if total else ""
    equivalent = len(mutants) - total
    text = ", ".join(f"{n} {outcome}" for outcome, n in sorted(counts.items()))
    lines.append(f"{total} bugs: {text or 'none'}{share}; {equivalent} equivalent ones")
    return "\n".join(lines)


def write_table(mutants: list[Mutant]) -> None:
    """Bring the page up to date."""
    head, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}\n{table(mutants)}{END}{rest.partition(END)[2]}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", default="", help="regular expression on area/name")
    parser.add_argument("--part", default="1/1", help="such as 2/4: the second of four parts")
    parser.add_argument("-j", "--jobs", type=int, default=2, help="trials at a time")
    parser.add_argument("--list", action="store_true", help="only list them")
    parser.add_argument("--json", action="store_true", help="results as JSON on standard output")
    parser.add_argument("--table", action="store_true", help=f"only write the table in {PAGE.name}")
    given = parser.parse_args(arguments)
    everything = read_all()
    mutants = chosen(everything, given.only, given.part)
    if wrong := [text for x in everything for text in faults(x)]:
        print(*wrong, sep="\n", file=sys.stderr)
        return 1
    if given.table:
        write_table(everything)
        return 0
    if given.list:
        print(*(f"{x.area}/{x.name}: {x.why}" for x in mutants), sep="\n")
        return 0
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with TemporaryDirectory(prefix="firebrick-sources-") as scratch:
        take_sources(ROOT, Path(scratch))  # the checkout may change meanwhile
        try:
            verdicts = run(mutants, Laboratory(Path(scratch), ROOT / "build"), given.jobs)
        except KeyboardInterrupt:
            print("stopped; what was found is kept", file=sys.stderr)
            return 130
    if given.json:
        rows = [{"area": x.area, "name": x.name} | asdict(verdicts[x.name]) for x in mutants]
        print(json.dumps(rows, indent=1))
    else:
        print(summary(mutants, verdicts))
    return 0 if all(is_good(x, verdicts[x.name]) for x in mutants) else 1


if __name__ == "__main__":
    sys.exit(main())
