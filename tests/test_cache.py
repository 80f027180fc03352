# SPDX-License-Identifier: Apache-2.0
"""What is kept is not taken for new once the code that made it has changed."""

from pathlib import Path

import pytest

from firebrick import cache


def test_key_changes_with_the_code_it_names_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "PACKAGE", tmp_path)
    (tmp_path / "plan").mkdir()
    (tmp_path / "plan" / "a.py").write_text("1")
    (tmp_path / "images.py").write_text("1")
    before = cache.code_key("plan"), cache.code_key("images.py")
    (tmp_path / "plan" / "a.py").write_text("2")
    after = cache.code_key("plan"), cache.code_key("images.py")
    assert after[0] != before[0]
    assert after[1] == before[1]
