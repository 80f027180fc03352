# SPDX-License-Identifier: Apache-2.0
"""A project's library is named by its model, whatever name hls4ml drew."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from firebrick.hls4ml.generate import BUILD_LIB, CONFIG, _settle


@pytest.mark.parametrize("drawn", ["61e5ab74", "61157461"])
@pytest.mark.parametrize("name", ["out", "a b'c\"$d #ü\n"])
def test_stamp_is_the_models_own_and_the_folder_where_it_will_be(
    drawn: str, name: str, tmp_path: Path
) -> None:
    (tmp_path / BUILD_LIB).write_text(f"LIB_STAMP={drawn}\n")
    fields = {"Stamp": drawn, "OutputDir": str(tmp_path), "ProjectName": "network"}
    config = SimpleNamespace(config=fields, get_config_value=fields.__getitem__)
    _settle(SimpleNamespace(config=config), tmp_path, tmp_path / name, "00000001")
    assert (tmp_path / BUILD_LIB).read_text() == "LIB_STAMP=00000001\n"
    text = (tmp_path / CONFIG).read_text()
    assert "Stamp: '00000001'\n" in text
    settled = {"Stamp": "00000001", "OutputDir": str(tmp_path / name)}
    assert yaml.safe_load(text) == fields | settled
