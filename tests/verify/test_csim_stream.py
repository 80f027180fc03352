# SPDX-License-Identifier: Apache-2.0
"""The bounded stream of C simulation by itself."""

import subprocess
from pathlib import Path

import pytest

from firebrick.data import data_folder
from hls_compiler import compiled

HEADER = data_folder("hls") / "csim" / "hls_stream.h"
START = ["g++", "-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread"]


def run(body: str, root: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """Compile and run a main; the header is part of the text, so that it is part of the key."""
    text = f"{HEADER.read_text()}\n#include <cassert>\nint main() {{\n{body}\n}}\n"
    binary = compiled(text, "csim_stream", root, [*START, *flags])
    return subprocess.run([binary], capture_output=True, text=True, check=False, timeout=60)


PIPE = """
  static hls::stream<int, 3> a("a");
  static hls::stream<int> b("b");
  static long sum = 0, most = 0;
  hls::processes all;
  all.add([] { for (int n = 0; n < 20000; ++n) a.write(n); });
  all.add([] {
    for (int n = 0; n < 20000; ++n) {
      most = std::max<long>(most, a.size());
      b.write(a.read());
    }
  });
  all.add([] {
    for (int n = 0; n < 20000; ++n) {
      int value = -1;
      while (!b.read_nb(value)) value = -1;
      if (value != n) std::exit(4);
      sum += value;
    }
  });
  all.run();
  std::printf("%ld %ld\\n", sum, most);
"""


@pytest.mark.parametrize("flags", [(), ("-fsanitize=thread",)], ids=["plain", "races"])
def test_order_is_kept_and_depth_is_not_exceeded(flags: tuple[str, ...], build_root: Path) -> None:
    result = run(PIPE, build_root, *flags)
    assert result.returncode == 0, result.stderr
    total, most = map(int, result.stdout.split())
    assert total == sum(range(20000))
    assert 1 <= most <= 3


def test_threads_that_wait_for_each_other_are_reported(build_root: Path) -> None:
    body = """
  static hls::stream<int, 4> a("left"), b("right");
  hls::processes all;
  all.add([] { a.write(1); a.write(2); b.read(); });
  all.add([] { for (int n = 0; n < 9; ++n) a.write(n); });
  all.run();
"""
    # One stream has one writer: the second writer stands for a function that never gets room.
    body = body.replace("for (int n = 0; n < 9; ++n) a.write(n);", "while (true) b2.write(7);")
    body = body.replace('b("right");', 'b("right"), b2("full");')
    result = run(body, build_root)
    assert result.returncode == 3
    assert result.stderr.splitlines()[0] == "deadlock: every process waits"
    assert sorted(result.stderr.splitlines()[1:]) == [
        "deadlock: read from empty right: level 0 of depth 4",
        "deadlock: write to full full: level 4 of depth 4",
    ]


def test_the_last_thread_to_end_leaves_the_others_waiting(build_root: Path) -> None:
    body = """
  static hls::stream<int, 2> a("never");
  hls::processes all;
  all.add([] { a.read(); });
  all.add([] { std::this_thread::sleep_for(std::chrono::milliseconds(50)); });
  all.run();
"""
    result = run(body.replace("std::chrono", "std::chrono"), build_root)
    assert result.returncode == 3
    assert "read from empty never: level 0 of depth 2" in result.stderr


def test_main_alone_does_not_hang(build_root: Path) -> None:
    result = run('hls::stream<int, 2> a("a"); a.write(1); a.write(2); a.write(3);', build_root)
    assert result.returncode == 3
    assert "write to full a: level 2 of depth 2" in result.stderr


def test_nothing_blocks_without_need(build_root: Path) -> None:
    body = """
  hls::stream<int> a("a");
  int value = 0;
  assert(a.empty() && !a.read_nb(value));
  assert(a.write_nb(5) && a.write_nb(6) && !a.write_nb(7) && a.full() && a.size() == 2);
  assert(a.read() == 5 && a.read_nb(value) && value == 6 && a.empty());
  a << 8;
  a >> value;
  assert(value == 8);
"""
    result = run(body, build_root)
    assert result.returncode == 0, result.stderr
