# SPDX-License-Identifier: Apache-2.0
"""The command line: one module a command, which imports what it needs when it runs.

So `--help` and a typing error cost next to nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from firebrick import __version__
from firebrick.cli import (
    boards,
    build,
    compress,
    deploy,
    evaluate,
    generate,
    import_,
    infer,
    plan,
    prune,
    quantize,
    report,
    serve,
    synth,
    train,
    verify,
)
from firebrick.console import print_error
from firebrick.errors import FirebrickError, exhausted
from firebrick.processes import ended_by_signals


class Commands(TyperGroup):
    """Says in one line, as of all else that is wrong, that a command was typed wrong."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """Read the arguments."""
        if not args:
            return super().make_context(info_name, args, parent, **extra)  # shows the help
        with _usage():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: Any) -> Any:
        """Read those of the command, and run it."""
        with _usage():
            return super().invoke(ctx)


@contextmanager
def _usage() -> Iterator[None]:
    try:
        yield
    except TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "firebrick"
        text = error.format_message().removesuffix(".")
        text += "" if text.endswith("?") else ":"
        raise FirebrickError(f"{text} `{command} --help` says what it takes") from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Trained SqueezeNet in, streaming FPGA accelerator and bit-exact proof out.\n\n"
    "Networks: `build`, `train`, `prune`, `import`. Integers: `quantize`, `compress`, `infer`, "
    "`evaluate`, `verify`. Hardware: `boards`, `plan`, `generate`, `synth`. Use: `deploy`, "
    "`serve`. All measured: `report`.\n\n"
    "First run: `firebrick import squeezenet1.1 -o m.onnx`, "
    "`firebrick quantize m.onnx -o q.onnx`, `firebrick verify q.onnx chelsea`.\n\n"
    "Exit status: 0 done, 1 a check failed (values differ, does not fit), 2 bad input or usage.",
)
app.command()(build.build)
app.command("import")(import_.import_)
app.command()(train.train)
app.command()(prune.prune)
app.command()(quantize.quantize)
app.command()(compress.compress)
app.command()(boards.boards)
app.command()(plan.plan)
app.command()(generate.generate)
app.command()(synth.synth)
app.command()(deploy.deploy)
app.command()(serve.serve)
app.command()(infer.infer)
app.command()(verify.verify)
app.command()(evaluate.evaluate)
app.command()(report.report)


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
            app(prog_name="firebrick")
    except FirebrickError as error:
        print_error(error)
        sys.exit(error.exit_status)
    except OSError as error:
        print_error(error)
        sys.exit(FirebrickError.exit_status)
    except (MemoryError, RecursionError) as error:
        print_error(FirebrickError(exhausted(error)))
        sys.exit(FirebrickError.exit_status)
