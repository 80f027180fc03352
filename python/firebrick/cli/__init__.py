# SPDX-License-Identifier: Apache-2.0
"""The command line: what users type, checked and explained. `commands` does the work."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from firebrick import __version__
from firebrick.cli import deploy, hardware, models, runs
from firebrick.console import ERR
from firebrick.errors import FirebrickError
from firebrick.processes import ended_by_signals

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Trained SqueezeNet in, streaming FPGA accelerator and bit-exact proof out.\n\n"
    "Integers: `import`, `quantize`, `verify`. Hardware: `boards`, `plan`, `generate`, `synth`. "
    "Use: `deploy`, `serve`.\n\n"
    "First run: `firebrick import squeezenet1.1 -o m.onnx`, "
    "`firebrick quantize m.onnx -o q.onnx`, `firebrick verify q.onnx chelsea`.\n\n"
    "Exit status: 0 done, 1 a check failed (values differ, does not fit), 2 bad input or usage.",
)
app.command("import")(models.import_)
app.command()(models.quantize)
app.command()(hardware.boards)
app.command()(hardware.plan)
app.command()(hardware.generate)
app.command()(hardware.synth)
app.command()(deploy.deploy)
app.command()(deploy.serve)
app.command()(runs.infer)
app.command()(runs.verify)
app.command()(runs.report)


def version(shown: bool) -> None:
    """Print the version and stop."""
    if shown:
        typer.echo(f"firebrick {__version__}")
        raise typer.Exit


@app.callback()
def common(
    _version: Annotated[
        bool, typer.Option("--version", callback=version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the command."""


def main() -> None:
    """Run the command line; an expected failure is one line on stderr and an exit status."""
    try:
        with ended_by_signals():
            app()
    except FirebrickError as error:
        ERR.print(f"firebrick: {error}", soft_wrap=True)
        sys.exit(error.exit_status)
    except OSError as error:
        text = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        ERR.print(f"firebrick: {text}", soft_wrap=True)
        sys.exit(FirebrickError.exit_status)
