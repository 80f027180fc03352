# SPDX-License-Identifier: Apache-2.0
"""Names of classes from a file."""

from pathlib import Path

import pytest

from firebrick.errors import FirebrickError
from firebrick.frontend.labels import read_labels


def test_names_are_lines_in_order(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_bytes("cat\r\n big dog \nÄpfel\n\n".encode())
    assert read_labels(path) == ("cat", "big dog", "Äpfel")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "has no names"),
        ("\n\n", "has no names"),
        ("cat\n\ndog\n", "line 2: name='' is not"),
        ("cat\n\x1b[2J\n", "line 2: name="),
        ("a" * 1001, "line 1: name='aaaa"),
        ("a\n" * 65_537, "names=65537 exceed 65536"),
    ],
)
def test_what_is_no_list_of_names_is_refused(tmp_path: Path, text: str, rule: str) -> None:
    path = tmp_path / "names.txt"
    path.write_text(text)
    with pytest.raises(FirebrickError, match=rule) as caught:
        read_labels(path)
    assert str(path) in str(caught.value)
