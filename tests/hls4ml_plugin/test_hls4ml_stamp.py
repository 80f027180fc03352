# SPDX-License-Identifier: Apache-2.0
"""A project's library is named by its model, whatever name hls4ml drew."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from firebrick.hls4ml.generate import BUILD_LIB, CONFIG, _settle


@pytest.mark.parametrize(
    ("drawn", "printed"), [("61e5ab74", "61e5ab74"), ("61157461", "'61157461'")]
)
def test_stamp_is_the_models_own(drawn: str, printed: str, tmp_path: Path) -> None:
    for name, text in {BUILD_LIB: f"LIB_STAMP={drawn}\n", CONFIG: f"Stamp: {printed}\n"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    model = SimpleNamespace(config=SimpleNamespace(get_config_value=lambda _: drawn))
    _settle(model, tmp_path, tmp_path, "00000001")
    assert (tmp_path / BUILD_LIB).read_text() == "LIB_STAMP=00000001\n"
    assert (tmp_path / CONFIG).read_text() == "Stamp: '00000001'\n"
