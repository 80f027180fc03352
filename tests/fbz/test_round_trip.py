# SPDX-License-Identifier: Apache-2.0
"""Every network comes back from its `.fbz` file byte for byte, and is small in between."""

import contextlib
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from command_line import fields, firebrick
from firebrick.errors import FirebrickError
from firebrick.fbz import read as fbz
from firebrick.fbz import write
from firebrick.fbz.contents import Packed
from firebrick.ir.network import Layer, Network
from firebrick.ops.conv.operator import Conv
from firebrick.quantize.integer_onnx import compressed, export, load
from firebrick.quantize.ops import RECIPES, recipe_of
from networks import fire_network, headed_network, network_ending_in, padded_pools, small_network
from page_steps import steps_of_page
from random_networks import random_network

PAGE = Path(__file__).parents[2] / "docs" / "fbz.md"
MB = 10**6


def written(network: Network, folder: Path) -> Path:
    path = folder / "q.onnx"
    export.write(suited(network), path, {"sqnr_db": "31.5", "made by": 'Zoë\n"\\'})
    return path


def suited(network: Network) -> Network:
    """The same, with preprocessing that suits its image."""
    image = network.image
    how = replace(network.preprocessing, resize=max(image.height, image.width))
    if image.channels not in (1, 3):
        zeros, ones = (0.0,) * image.channels, (1.0,) * image.channels
        how = replace(how, channels="RAW", mean=zeros, std=ones)
    return replace(network, preprocessing=how)


def round_trip(path: Path) -> Packed:
    data, network = path.read_bytes(), load.read(path)
    packed = compressed.compress(data, network)
    small = path.with_suffix(".fbz")
    small.write_bytes(packed.data)
    assert load.read_bytes(small) == data
    assert load.read(small).digest() == network.digest()
    assert len(packed.data) == sum(x.size for x in packed.codes.values()) + (
        packed.constants + packed.head
    )
    return packed


def with_codes(network: Network, change) -> Network:
    """The same with other codes, and codebooks, in its convolutions."""
    layers = (
        Layer(change(x.operator), x.inputs) if isinstance(x.operator, Conv) else x for x in network
    )
    return replace(network, layers=tuple(layers))


@pytest.mark.parametrize("seed", range(24))
def test_random_networks(seed: int, tmp_path: Path) -> None:
    round_trip(written(random_network(seed, most_side=14, padded=True), tmp_path))


@pytest.mark.parametrize(
    "network",
    [
        small_network(),
        fire_network(small_network(bypass=False), 2),
        padded_pools(),
        headed_network((8, 1), seed=1, signed=True),
        *(network_ending_in(x) for x in ("conv", "add", "maxpool", "avgpool")),
        replace(small_network(), labels=tuple(f"ä{x}\u2603" for x in range(7))),
    ],
)
def test_every_operator_and_end(network: Network, tmp_path: Path) -> None:
    round_trip(written(network, tmp_path))


@pytest.mark.parametrize("bits", range(2, 9))
def test_codes_of_every_width(bits: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(bits)
    count = 1 << bits

    def change(conv: Conv) -> Conv:
        book = np.append(0, rng.permutation(np.r_[-127:0, 1:128])[: count - 1])
        codes = rng.integers(0, len(book), conv.codes.shape).astype(np.uint8)
        return replace(conv, codes=codes, codebook=book, code_bits=bits)

    packed = round_trip(written(with_codes(small_network(), change), tmp_path))
    assert {x.encoding.split()[0] for x in packed.codes.values()} == {"dense"}


@pytest.mark.parametrize("code", [0, 1])
def test_layers_of_one_code_take_nothing_or_next_to_it(code: int, tmp_path: Path) -> None:
    def change(conv: Conv) -> Conv:
        codes, book = np.full_like(conv.codes, code), np.array([0, -3][: code + 1])
        return replace(conv, codes=codes, codebook=book)

    packed = round_trip(written(with_codes(small_network(), change), tmp_path))
    sizes = [x.size for x in packed.codes.values()]
    assert max(sizes) <= (0 if code == 0 else 12)


def test_what_recipes_say_they_store_is_all_that_they_read(tmp_path: Path) -> None:
    """So nothing that the network follows from is left out of the file."""
    seen: set[type] = set()
    for network in (small_network(), headed_network((8, 1), seed=1, signed=False)):
        model = export.to_model(network)
        names = {x.name for x in model.graph.initializer}
        for layer in network:
            recipe = recipe_of(layer.operator)
            seen.add(type(recipe))
            assert {f"{layer.name}.{x}" for x, _ in recipe.stored} <= names
            kinds = {x.name: x.data_type for x in model.graph.initializer}
            assert all(kinds[f"{layer.name}.{x}"] == kind for x, kind in recipe.stored)
    assert seen == {type(x) for x in RECIPES}


def test_the_pages_reader_gives_what_the_product_reads(tmp_path: Path) -> None:
    steps = [x.code for x in steps_of_page(PAGE) if x.language == "python"]
    assert 50 < len([x for x in steps[0].splitlines() if x]) < 75
    names: dict = {}
    exec(steps[0], names)  # noqa: S102 our own page
    for seed in range(6):
        path = written(random_network(seed, most_side=14, padded=True), tmp_path)
        round_trip(path)
        expected = fbz.unpack((tmp_path / "q.fbz").read_bytes())
        metadata, codes, constants = names["read"](tmp_path / "q.fbz")
        assert metadata == expected.metadata
        assert codes.keys() == expected.codes.keys()
        for name, array in expected.codes.items():
            np.testing.assert_array_equal(codes[name], array)
        assert constants.keys() == expected.constants.keys()
        for kind, arrays in expected.constants.items():
            assert constants[kind].keys() == arrays.keys()
            for name, array in arrays.items():
                np.testing.assert_array_equal(constants[kind][name], array)
    (tmp_path / "q.fbz").rename(tmp_path / "model.fbz")
    with contextlib.chdir(tmp_path):
        exec(steps[1], names)  # noqa: S102 our own page
    for layer, conv in load.read(path).each(Conv):
        np.testing.assert_array_equal(names["weights"][layer.name], conv.weights)


def test_the_format_is_read_with_numpy_alone(tmp_path: Path) -> None:
    written(small_network(), tmp_path)
    round_trip(tmp_path / "q.onnx")
    code = (
        "import sys\n"
        "for name in ('onnx', 'scipy', 'PIL', 'rich', 'typer', 'google.protobuf'):\n"
        "    sys.modules[name] = None\n"
        "from pathlib import Path\n"
        "from firebrick.fbz.read import unpack\n"
        "print(len(unpack(Path(sys.argv[1]).read_bytes()).codes))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "q.fbz"], capture_output=True, text=True, check=True
    )
    assert int(run.stdout) == len(list(small_network().each(Conv)))


def test_a_file_that_would_not_come_back_is_not_compressed(tmp_path: Path) -> None:
    path = written(small_network(), tmp_path)
    model = onnx.load(path)
    model.doc_string = "by somebody else"
    onnx.save(model, path)
    with pytest.raises(FirebrickError, match="bytes differ from what `firebrick quantize` writes"):
        compressed.compress(path.read_bytes(), load.read(path))


def test_constants_of_no_layer_are_refused(tmp_path: Path) -> None:
    path = written(small_network(), tmp_path)
    packed = compressed.compress(path.read_bytes(), load.read(path))
    contents = fbz.unpack(packed.data)
    bias = {**contents.constants["bias"], "nobody": np.array([7])}
    more = replace(contents, constants={**contents.constants, "bias": bias})
    with pytest.raises(FirebrickError, match=r"nobody\.bias: is of no layer"):
        compressed.decompress(write.pack(more).data)
    wide = replace(contents, constants={**contents.constants, "bias": {"conv1": np.array([2**31])}})
    with pytest.raises(FirebrickError, match=r"conv1\.bias: does not fit int32"):
        compressed.decompress(write.pack(wide).data)
    odd = replace(contents, constants={**contents.constants, "zero": {"conv1": np.array([1])}})
    with pytest.raises(FirebrickError, match="constants 'zero': is not one of codes, codebook"):
        compressed.decompress(write.pack(odd).data)


# --- commands ---


def test_commands_compress_and_give_back(tmp_path: Path) -> None:
    network = small_network()
    path = written(network, tmp_path)
    found = fields(tmp_path, "compress", "q.onnx", "-o", "m.fbz")
    assert (found["output"], found["bytes"]) == ("m.fbz", (tmp_path / "m.fbz").stat().st_size)
    convs = list(network.each(Conv))
    parameters = sum(int(c.true_weights.sum()) + c.bias.size for _, c in convs)
    assert found["float_bytes"] == 4 * parameters == sum(x["float_bytes"] for x in found["layers"])
    assert [x["name"] for x in found["layers"]] == [x.name for x, _ in convs]
    assert all(x["encoding"].split()[0] in ("dense", "mask", "gaps") for x in found["layers"])
    sizes = [x["bytes"] for x in found["layers"]]
    assert sum(sizes) + found["constants_bytes"] + found["head_bytes"] == found["bytes"]
    given = fields(tmp_path, "import", "m.fbz", "-o", "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == path.read_bytes()
    assert (given["model"], given["layers"]) == (network.name, len(network.layers))
    assert given["preprocessing"]["width"] == network.image.width
    table = firebrick(tmp_path, "compress", "q.onnx", "-o", "m.fbz").stdout
    assert "codebooks, biases, multipliers" in table
    assert f"{found['bytes']:,}" in table
    other = fields(tmp_path, "compress", "m.fbz", "-o", "n.fbz")
    assert other | {"output": "m.fbz"} == found


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["compress", "no.onnx", "-o", "m.fbz"], "no.onnx: cannot be read"),
        (["compress", "q.onnx", "-o", "q.onnx"], "q.onnx: is the file that is read"),
        (["compress", "q.onnx", "-o", "no/m.fbz"], "no/m.fbz: folder no does not exist"),
        (["import", "m.fbz", "-o", "b.onnx", "--size", "9"], "m.fbz: --size is for float models"),
        (["import", "cut.fbz", "-o", "b.onnx"], "cut.fbz: size=30 is less than 50 bytes"),
        (["import", "later.fbz", "-o", "b.onnx"], "later.fbz: version=2 is not 1"),
    ],
)
def test_commands_refuse_in_a_line(words: list[str], message: str, tmp_path: Path) -> None:
    round_trip(written(small_network(), tmp_path))
    data = (tmp_path / "q.fbz").read_bytes()
    for name, some in (("m", data), ("cut", data[:30]), ("later", data[:4] + b"\2" + data[5:])):
        (tmp_path / f"{name}.fbz").write_bytes(some)
    before = sorted(tmp_path.iterdir())
    result = firebrick(tmp_path, *words)
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"firebrick: {message}")
    assert sorted(tmp_path.iterdir()) == before


# --- what is promised of SqueezeNet ---


def timed(path: Path) -> float:
    """Seconds of one core that reading takes."""
    start = time.process_time()
    load.read_bytes(path)
    return time.process_time() - start


def test_squeezenet_1_1_at_six_bits(squeezenet_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "q.onnx"
    path.write_bytes(squeezenet_file.read_bytes())
    assert len(round_trip(path).data) <= 0.91 * MB
    assert timed(tmp_path / "q.fbz") <= 1


def test_squeezenet_1_0_at_six_bits(compressed_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "q.onnx"
    path.write_bytes(compressed_file.read_bytes())
    assert len(round_trip(path).data) <= 0.445 * MB
    assert timed(tmp_path / "q.fbz") <= 1
