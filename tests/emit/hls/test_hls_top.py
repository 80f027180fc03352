# SPDX-License-Identifier: Apache-2.0
"""The generated HLS folder: self-contained, and its top computes the logits by itself."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from firebrick.cli import app
from firebrick.emit.hls.dataflow import DEPTH, FIFO_SLACK, dataflow
from firebrick.emit.hls.generate import border_of, generate
from firebrick.emit.hls.top import Border, top_text
from firebrick.errors import CheckFailed, FirebrickError
from firebrick.ir.network import Layer, Network
from firebrick.ops.image import pixel_beats
from firebrick.plan.pipeline import build
from firebrick.plan.plan import Plan
from firebrick.quantize.integer_onnx import export, load
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from hls_compiler import ap_types, command
from networks import random_pixels, small_network

FRAMES = 2
STREAM_MAIN = """
#include "network.cpp"
#include <iostream>
int main() {{
  hls::stream<ap_axiu<{image}, 0, 0, 0>> image("image");
  hls::stream<ap_axiu<{logits}, 0, 0, 0>> logits("logits");
  for (int frame = 0; frame < {frames}; ++frame) {{
    for (int n = 0; n < {beats}; ++n) {{
      ap_axiu<{image}, 0, 0, 0> beat;
      for (int byte = 0; byte < {bytes}; ++byte) {{
        int value;
        std::cin >> value;
        beat.data.range(8 * byte + 7, 8 * byte) = value;
      }}
      beat.last = 0;
      image.write(beat);
    }}
    firebrick_network(image, logits);
  }}
  while (!logits.empty()) {{
    const auto beat = logits.read();
    std::cout << ap_int<{logits}>(beat.data) << ' ' << beat.last << '\\n';
  }}
}}
"""
MEMORY_MAIN = """
#include "network.cpp"
#include <iostream>
int main() {{
  static ap_uint<{image}> image[{beats}];
  static ap_uint<{logits}> logits[{classes}];
  for (int frame = 0; frame < {frames}; ++frame) {{
    for (int n = 0; n < {beats}; ++n) {{
      for (int byte = 0; byte < {bytes}; ++byte) {{
        int value;
        std::cin >> value;
        image[n].range(8 * byte + 7, 8 * byte) = value;
      }}
    }}
    firebrick_network(image, logits);
    for (int n = 0; n < {classes}; ++n) {{
      std::cout << ap_int<{logits}>(logits[n]) << ' ' << (n == {classes} - 1) << '\\n';
    }}
  }}
}}
"""


def planned(**options: bool) -> tuple[Network, Plan]:
    network = small_network(**options)
    return network, plan(network, Goal(multipliers=24))


def compile_top(folder: Path, main: str) -> Path:
    """Build with the vendor's plain streams, and nothing that is not in the folder."""
    (folder / "main.cpp").write_text(main)
    (folder / "vendor").mkdir()  # what the vendor's tools have and ap_types lack
    shutil.copy(folder / "csim" / "ap_axi_sdata.h", folder / "vendor")
    binary = folder / "top"
    start = [x for x in command(strict=False) if not x.startswith("-I")]
    places = [f"-I{folder / x}" for x in ("include", "vendor", ".")]
    result = subprocess.run(
        [*start, *places, str(folder / "main.cpp"), "-o", str(binary)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return binary


@pytest.mark.parametrize(
    ("board", "main"), [(None, STREAM_MAIN), ("alveo-u50", MEMORY_MAIN)], ids=["stream", "memory"]
)
def test_top_computes_the_logits(board: str | None, main: str, tmp_path: Path) -> None:
    network, chosen = planned()
    folder = tmp_path / "hls"
    generate(network, replace(chosen, board=board), folder)
    fields = json.loads((folder / "manifest.json").read_text())
    image, logits = fields["image"], fields["logits"]
    text = (folder / "network.cpp").read_text()
    bits = [int(x) for x in re.findall(r"(?:ap_axiu|^\s*.*?ap_uint)<(\d+)", text, re.MULTILINE)][:2]
    # Interleaved pixels: whole bytes of three channels.
    pixels = random_pixels(3, network, FRAMES)
    beats = pixel_beats(pixels, image["pixels"])
    shape = {"beats": image["frame_beats"], "bytes": image["beat_bits"] // 8}
    classes = logits["frame_beats"]
    binary = compile_top(
        folder, main.format(image=bits[0], logits=bits[1], frames=FRAMES, classes=classes, **shape)
    )
    stimuli = " ".join(map(str, beats.ravel().tolist()))
    result = subprocess.run([binary], input=stimuli, capture_output=True, text=True, check=True)
    values, lasts = zip(*(map(int, x.split()) for x in result.stdout.splitlines()), strict=True)
    expected = network.golden(pixels)[network.output].reshape(-1)
    assert list(values) == expected.tolist()
    assert list(lasts) == [int(n % classes == classes - 1) for n in range(FRAMES * classes)]
    assert "warning" not in result.stderr.lower() + result.stdout.lower()  # leftover beats


def test_every_channel_has_one_writer_and_one_reader() -> None:
    network, chosen = planned()
    net = dataflow(build(network, chosen))
    written = [net.input.name, *(y for x in net.processes for y in x.outputs)]
    read = [net.output.name, *(y for x in net.processes for y in x.inputs)]
    names = sorted(x.name for x in net.channels)
    assert sorted(written) == names
    assert sorted(read) == names


def test_depths_are_the_plans() -> None:
    network, chosen = planned()
    depths = {x.link.name: x.depth for x in dataflow(build(network, chosen)).channels}
    (skip,) = chosen.skips
    assert depths[f"{skip.tensor}_to_{skip.reader}"] == skip.beats + FIFO_SLACK
    assert depths["pool1"] == DEPTH
    text = top_text(dataflow(build(network, chosen)), Border.STREAM, ())
    declared = dict(re.findall(r"STREAM variable=(\w+)_stream depth=(\d+)", text))
    assert {x: int(n) for x, n in declared.items()} == depths


def test_cards_take_images_from_memory() -> None:
    _, chosen = planned()
    boards = {name: border_of(replace(chosen, board=name)) for name in ("alveo-u250", "zcu104")}
    assert boards == {"alveo-u250": Border.MEMORY, "zcu104": Border.STREAM}
    assert border_of(replace(chosen, board="my-own-board")) is Border.STREAM


def test_interfaces_are_axi() -> None:
    network, chosen = planned(bypass=False)
    net = dataflow(build(network, chosen))
    stream, memory = (top_text(net, x, ()) for x in Border)
    for text in (stream, memory):
        assert "#pragma HLS INTERFACE mode=s_axilite port=return bundle=control" in text
        assert "#pragma HLS DATAFLOW" in text
    assert stream.count("mode=axis") == 2
    assert memory.count("mode=m_axi") == 2
    assert memory.count("bundle=control") == 4


def test_names_that_cpp_reserves(tmp_path: Path) -> None:
    """Layers may be named like keywords, like each other but for case, or like our own names."""
    network, _ = planned(bypass=False)
    odd, own = ("class", "Class", "std", "main", "run", "net"), [x.name for x in network]
    names = dict(zip(own, (*odd, *own[len(odd) :]), strict=True))
    layers = tuple(
        Layer(replace(x.operator, name=names[x.name]), tuple(names.get(y, y) for y in x.inputs))
        for x in network
    )
    scales = {names.get(x, x): scale for x, scale in network.scales.items()}
    renamed = Network("odd", network.image, layers, network.preprocessing, scales)
    generate(renamed, plan(renamed, Goal(multipliers=24)), tmp_path / "hls")
    binary = compile_top(tmp_path / "hls", '#include "network.cpp"\nint main() {}\n')
    assert binary.is_file()


def test_folder_is_deterministic_names_its_model_and_is_replaced(tmp_path: Path) -> None:
    network, chosen = planned()
    folders = [tmp_path / "a", tmp_path / "b", tmp_path / "b"]
    for folder in folders:
        generate(network, chosen, folder)
    files = [
        {x.relative_to(f): x.read_bytes() for x in f.rglob("*") if x.is_file()} for f in folders[:2]
    ]
    assert files[0] == files[1]
    assert {Path("network.cpp"), Path("csim.cpp"), Path("layers/conv1.hpp")} <= files[0].keys()
    generated = [x for x in files[0] if x.parts[0] == "layers" or x.suffix == ".cpp"]
    assert all(network.digest().encode() in files[0][x] for x in generated)


def test_refusals(tmp_path: Path) -> None:
    network, chosen = planned()
    other, _ = planned(bypass=False)
    with pytest.raises(FirebrickError, match="is not that of model 'small'"):
        generate(other, chosen, tmp_path / "hls")
    with pytest.raises(CheckFailed, match="onchip_bytes"):
        generate(network, replace(chosen, buffer_bytes=1 << 30), tmp_path / "hls")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("")
    with pytest.raises(FirebrickError, match="is not a generated folder"):
        generate(network, chosen, tmp_path / "mine")
    assert not (tmp_path / "hls").exists()


def test_command_line(tmp_path: Path) -> None:
    network, chosen = planned()
    model, file, folder = tmp_path / "q.onnx", tmp_path / "plan.json", tmp_path / "hls"
    export.write(network, model)
    network = load.read(model)
    file.write_text(plan(network, Goal(multipliers=24)).to_json())
    arguments = ["generate", str(model), str(file), "-o", str(folder), "--target", "hls", "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    fields = json.loads(result.stdout)
    assert fields["target"] == "hls"
    assert fields["model_hash"] == network.digest()
    made = json.loads((folder / "manifest.json").read_text())
    assert all((folder / x).is_file() for x in [*made["sources"], *made["headers"]])
    assert made["plan"]["skips"] == [
        {"tensor": x.tensor, "reader": x.reader, "beats": x.beats} for x in chosen.skips
    ]


def test_simulation_compiles_as_its_comment_says(tmp_path: Path) -> None:
    network, chosen = planned(bypass=False)
    generate(network, chosen, tmp_path / "hls")
    text = (tmp_path / "hls" / "csim.cpp").read_text()
    line = next(x for x in text.splitlines() if x.startswith("// g++ "))
    run = line.removeprefix("// ").replace("AP_TYPES", str(ap_types())).replace("-O2", "-O0")
    result = subprocess.run(
        run.split(), cwd=tmp_path / "hls", capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr[-3000:]
    usage = subprocess.run(
        [tmp_path / "hls" / "csim.exe"], capture_output=True, text=True, check=False
    )
    assert usage.returncode == 2
    assert "usage: csim FOLDER FRAMES" in usage.stderr


def test_vendor_header_is_not_ours() -> None:
    """The stand-in for ap_axi_sdata.h is needed: ap_types has none."""
    types = ap_types()
    if types is None:
        pytest.skip("the package 'hls4ml' is missing")
    assert not (types / "ap_axi_sdata.h").exists()
