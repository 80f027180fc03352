# SPDX-License-Identifier: Apache-2.0
"""The mistakes that are made first: each is one line that says what to do instead.

And what is true of every command: it takes `--json` and `--help`, its help shows an example.
"""

import json
import re
import shlex
from pathlib import Path

import pytest
import typer.main

from command_line import fill, firebrick
from firebrick.cli import app
from networks import small_network
from padded_models import write_padded

GROUP = typer.main.get_command(app)
COMMANDS = GROUP.commands  # type: ignore[attr-defined]
FLOAT = "is not quantized: give an integer ONNX file, as `firebrick quantize"
NO_MODEL = "give an integer ONNX file, as `firebrick quantize"
NO_PLAN = "give a plan, as `firebrick plan q.onnx --board kv260 -o plan.json`"
GENERATE = "give one of `firebrick generate q.onnx plan.json -o rtl/`"
DEPLOY = "give one of `firebrick deploy q.onnx plan.json -o bundle/`"
ANY = "q.onnx plan.json"
IMAGE = "give an image file, an .npy array, or a sample, such as chelsea"
GOAL = "plan: give --board, --multipliers or --max-cycles, such as `firebrick plan"
TORCH = "torch.onnx.export(model.eval(), image"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What lies about after a first run: files and folders of every kind."""
    folder = fill(tmp_path_factory.mktemp("desk"), small_network(bypass=False))
    other = folder / "other"
    other.mkdir()
    fill(other, small_network(bypass=True))
    write_padded(folder / "m.onnx", 3)
    for arguments in (
        ("plan", "q.onnx", "--multipliers", "30", "-o", "plan.json"),
        ("plan", "other/q.onnx", "--multipliers", "30", "-o", "other/plan.json"),
        ("generate", "q.onnx", "plan.json", "-o", "rtl"),
        ("generate", "q.onnx", "plan.json", "-o", "hls", "--target", "hls"),
        ("deploy", "q.onnx", "plan.json", "-o", "bundle"),
    ):
        assert firebrick(folder, *arguments).returncode == 0, arguments
    (folder / "some").mkdir()
    (folder / "some" / "x.txt").touch()
    (folder / "t.txt").write_text("hello\n")
    for ending in ("pt", "pth", "safetensors", "h5", "keras", "tflite", "pb"):
        (folder / f"w.{ending}").write_bytes(b"PK\x03\x04" + bytes(40))
    return folder


@pytest.mark.parametrize(
    ("line", "said"),
    [
        # synth: whatever is no folder of generate, or one for another tool
        ("synth none", f"none: there is no such folder: {GENERATE}"),
        ("synth some", f"some: has no manifest.json: {GENERATE}"),
        ("synth plan.json", f"plan.json: is a file: {GENERATE}"),
        ("synth q.onnx", f"q.onnx: is a file: {GENERATE}"),
        ("synth bundle", f"bundle: is a folder of `firebrick deploy {ANY} -o bundle/`: {GENERATE}"),
        ("synth some --tool vivado", f"some: has no manifest.json: {GENERATE}"),
        ("synth hls", "hls/manifest.json: target='hls' is not 'rtl', which --tool yosys takes: "),
        ("synth hls", f"`firebrick generate {ANY} -o rtl/ --target rtl`"),
        ("synth hls --tool vivado", "which --tool vivado takes"),
        ("synth hls --tool nextpnr", "which --tool nextpnr takes"),
        ("synth rtl --tool vitis_hls", "target='rtl' is not 'hls', which --tool vitis_hls takes"),
        ("synth rtl --board zcu1", "'zcu1' is none of alveo-u250"),
        # plan: a goal is asked for before a model is read
        ("plan q.onnx", GOAL),
        ("plan none.onnx", GOAL),
        ("plan q.onnx x --multipliers 30", "extra argument(s) (x): `firebrick plan --help`"),
        # something else where integers are expected
        ("plan m.onnx --multipliers 30", f"m.onnx: {FLOAT}"),
        ("infer m.onnx a.png", f"m.onnx: {FLOAT}"),
        ("verify m.onnx a.png", f"m.onnx: {FLOAT}"),
        ("generate m.onnx plan.json -o x", f"m.onnx: {FLOAT}"),
        ("deploy m.onnx plan.json -o x", f"m.onnx: {FLOAT}"),
        ("boards m.onnx", f"m.onnx: {FLOAT}"),
        ("report m.onnx -o x.md", f"m.onnx: {FLOAT}"),
        ("plan a.png --multipliers 30", NO_MODEL),
        ("infer a.png q.onnx", NO_MODEL),
        ("verify none.onnx a.png", NO_MODEL),
        ("generate plan.json q.onnx -o x", NO_MODEL),
        ("deploy rtl plan.json -o x", NO_MODEL),
        # something else where a plan is expected
        ("generate q.onnx q.onnx -o x", NO_PLAN),
        ("generate q.onnx rtl -o x", NO_PLAN),
        ("generate q.onnx none.json -o x", NO_PLAN),
        ("deploy q.onnx t.txt -o x", NO_PLAN),
        ("infer q.onnx a.png --engine rtl --plan none.json", NO_PLAN),
        ("generate q.onnx other/plan.json -o x", "plan it again"),
        ("deploy q.onnx other/plan.json -o x", "plan it again"),
        ("infer q.onnx a.png --plan plan.json", "choose it with --engine (infer) or --engines"),
        # something else where an image is expected
        ("infer q.onnx cat", IMAGE),
        ("infer q.onnx some", f"image 'some': is a folder: {IMAGE}"),
        ("verify q.onnx q.onnx", "image 'q.onnx': cannot be read as an image"),
        # outputs that exist, or would go over what is read
        ("generate q.onnx plan.json -o some", "(no manifest.json): give another name"),
        ("deploy q.onnx plan.json -o rtl", "(no bundle.json): give another name"),
        ("quantize m.onnx -o m.onnx", "m.onnx: is the file that is read: give another name"),
        ("import m.onnx -o ./m.onnx", "m.onnx: is the file that is read: give another name"),
        # quantized already, or of a framework
        ("quantize q.onnx -o x.onnx", "is quantized already; `firebrick plan`"),
        ("import q.onnx -o x.onnx", "is quantized already; `firebrick plan`"),
        ("import w.pt -o x.onnx", TORCH),
        ("import w.pth -o x.onnx", TORCH),
        ("quantize w.pt -o x.onnx", TORCH),
        ("import w.safetensors -o x.onnx", f"build it, load them, then `{TORCH}"),
        ("import w.keras -o x.onnx", 'model.export("model.onnx", format="onnx")` in Keras'),
        ("import w.h5 -o x.onnx", "tf2onnx.convert --keras"),
        ("import w.tflite -o x.onnx", "tf2onnx.convert --tflite"),
        ("import w.pb -o x.onnx", "tf2onnx.convert --saved-model"),
        ("import squeezenet -o x.onnx", "is called squeezenet1.1"),
        ("import resnet50 -o x.onnx", "give a network as an ONNX file"),
        ("import a.png -o x.onnx", "give a network as an ONNX file"),
        # serve: whatever is no bundle, or lacks what a device needs
        ("serve none", f"none: there is no such folder: {DEPLOY}"),
        ("serve q.onnx", f"q.onnx: is a file: {DEPLOY}"),
        ("serve rtl", f"rtl: is a folder of `firebrick generate {ANY} -o rtl/`: {DEPLOY}"),
        ("serve bundle --json --device pynq", "has no firebrick.bit: deploy it with --bitstream"),
        ("serve bundle --json --device xrt", "has no firebrick.xclbin: deploy it with --xclbin"),
        # typed wrong
        ("quantise m.onnx", "Did you mean 'quantize'? `firebrick --help` says what it takes"),
        ("infer q.onnx", "Missing argument 'images': `firebrick infer --help` says what it takes"),
        ("quantize m.onnx", "Missing option '--output' / '-o': `firebrick quantize --help`"),
        ("plan q.onnx --bord kv260", "No such option: --bord"),
        ("plan q.onnx --multipliers many", "Input should be a valid integer"),
    ],
)  # fmt: skip
def test_one_line_says_what_to_do_instead(desk: Path, line: str, said: str) -> None:
    before = sorted(desk.rglob("*"))
    result = firebrick(desk, *shlex.split(line))
    assert result.returncode == 2
    assert result.stdout == ""
    (message,) = (x for x in result.stderr.splitlines() if x.startswith("firebrick: "))
    assert said in message
    assert sorted(desk.rglob("*")) == before


def test_commands_that_errors_name_are_as_they_say(desk: Path, tmp_path: Path) -> None:
    """What the lines above tell to type works."""
    for line in (
        "quantize m.onnx -o {}/q.onnx",
        "plan q.onnx --board kv260 -o {}/plan.json",
        "generate q.onnx {}/plan.json -o {}/rtl/",
        "generate q.onnx {}/plan.json -o {}/hls/ --target hls",
        "deploy q.onnx {}/plan.json -o {}/bundle/",
    ):
        result = firebrick(desk, *shlex.split(line.replace("{}", str(tmp_path))))
        assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_takes_json_and_help(name: str, tmp_path: Path) -> None:
    options = {x: y for y in COMMANDS[name].params for x in y.opts}
    assert options["--json"].is_flag
    shown = firebrick(tmp_path, name, "--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    text = " ".join(re.sub(r"[│╭╮╰╯─]", " ", shown.stdout).split())
    assert "--json" in text
    assert f"firebrick {name} " in text.partition("Example")[2]


def test_the_first_help_names_every_command_and_a_first_run() -> None:
    named = set(re.findall(r"`([^`]*)`", GROUP.help or ""))
    assert named >= set(COMMANDS)
    assert [x.split()[1] for x in sorted(named - set(COMMANDS))] == ["import", "quantize", "verify"]


def test_an_example_takes_options_that_there_are() -> None:
    """Each example of a help text is read by the command that it calls."""
    for name, command in (("", GROUP), *COMMANDS.items()):
        lines = re.findall(r"`firebrick ([^`]*)`", command.help or "")
        assert any(x.startswith(name) for x in lines)
        for line in lines:
            called, *arguments = shlex.split(line)
            if arguments:
                COMMANDS[called].make_context(called, arguments, resilient_parsing=False)


def test_nothing_typed_shows_the_help(tmp_path: Path) -> None:
    result = firebrick(tmp_path)
    assert "Usage: firebrick" in result.stdout + result.stderr
    assert all(x in result.stdout + result.stderr for x in COMMANDS)


def test_json_of_a_failure_is_nothing(desk: Path) -> None:
    result = firebrick(desk, "plan", "q.onnx", "--json")
    assert (result.returncode, result.stdout) == (2, "")
    assert json.loads(firebrick(desk, "plan", "q.onnx", "--multipliers", "30", "--json").stdout)
