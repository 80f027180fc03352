# SPDX-License-Identifier: Apache-2.0
"""The generated kernels printed: a shell, the network and the wires between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from firebrick.emit.rtl.load_chain import LOAD_PORT
from firebrick.emit.rtl.network_top import OPEN, TOP
from firebrick.emit.rtl.ports import connect
from firebrick.emit.rtl.systemverilog import Module, ModuleInstance, Signal
from firebrick.hardware.memory import LOAD_BITS
from firebrick.plan.kernel import BUS_PARAMETERS, LOGIT_BYTES, WORD_BYTES, Kernel

KERNEL, STREAM = "firebrick_kernel", "firebrick_stream"
"""Names of the generated modules and stems of their files."""
CONTROL, MEMORY = "s_axi_control", "m_axi_gmem"
"""Prefixes of the buses' ports."""
INTERRUPT = (
    "A port of this name is what tools of vendors expect:",
    "verilator lint_off SYMRSVDWORD",
)
"""Waiver for the name of a port."""


def kernel_module(kernel: Kernel, comment: Sequence[str]) -> Module:
    """The kernel with a memory bus."""
    ports = [*_control_ports(), *_memory_ports(kernel.data_bits)]
    return _module(KERNEL, "shell", kernel, ports, comment, without=())


def stream_module(kernel: Kernel, comment: Sequence[str]) -> Module:
    """The kernel with streams."""
    ports = [
        *_control_ports(),
        *_stream_ports("s_axis", 8 * kernel.beat_bytes, "input"),
        *_stream_ports("m_axis", 8 * LOGIT_BYTES, "output"),
        *(_stream_ports(LOAD_PORT, 8 * WORD_BYTES, "input") if kernel.load_words else ()),
    ]
    return _module(STREAM, "stream_shell", kernel, ports, comment, without=BUS_PARAMETERS)


def _module(
    name: str,
    shell: str,
    kernel: Kernel,
    ports: Sequence[Signal],
    comment: Sequence[str],
    *,
    without: Sequence[str],
) -> Module:
    parameters = {k.upper(): v for k, v in kernel.parameters().items() if k not in without}
    beats = {
        "image": 8 * kernel.channels * kernel.pixels,
        "logits": kernel.logit_bits,
        "load": LOAD_BITS,
    }
    used = [x for x in beats if x != "load" or kernel.load_words]
    wires = [Signal("network_rst_n")]
    inner = {"clk": "ap_clk", "rst_n": "ap_rst_n", "network_rst_n_o": "network_rst_n"}
    inner |= {port.name: port.name for port in ports} | {"interrupt_o": "interrupt"}
    for stream in used:
        wires += [
            Signal(f"{stream}_{x}", beats[stream] if x == "tdata" else 1)
            for x in ("tvalid", "tready", "tdata", "tlast")
        ]
    inner |= connect("m_image", "image") | connect("s_logits", "logits")
    inner |= connect("m_load", "load") if kernel.load_words else _open_load(parameters)
    outer = {"clk": "ap_clk", "rst_n": "network_rst_n"}
    outer |= connect("s_axis", "image") | connect("m_axis", "logits")
    outer |= connect(LOAD_PORT, "load") if kernel.load_words else {}
    return Module(
        name=name,
        comment=("SPDX-License-Identifier: Apache-2.0", *comment, *OPEN, *INTERRUPT),
        ports=(
            Signal("ap_clk", 1, "input"),
            Signal("ap_rst_n", 1, "input"),
            *ports,
            Signal("interrupt", 1, "output"),
        ),
        wires=tuple(wires),
        instances=(
            ModuleInstance(shell, "shell", parameters, inner),
            ModuleInstance(TOP, "network", {}, outer),
        ),
    )


def _open_load(parameters: dict[str, int]) -> dict[str, str]:
    """Connections of a shell that loads nothing."""
    ports = {f"m_load_{x}": "" for x in ("tvalid", "tdata", "tlast")} | {"m_load_tready": "1'b1"}
    if "DATA_BITS" not in parameters:
        ports |= {f"{LOAD_PORT}_{x}": "'0" for x in ("tvalid", "tdata", "tkeep", "tlast")}
        ports[f"{LOAD_PORT}_tready"] = ""
    return ports


def _control_ports() -> Iterator[Signal]:
    """AXI4-Lite; the shell is the slave."""
    for channel, signals in {
        "aw": {"addr": 12},
        "w": {"data": 32, "strb": 4},
        "b": {"resp": 2},
        "ar": {"addr": 12},
        "r": {"data": 32, "resp": 2},
    }.items():
        to, back = ("output", "input") if channel in ("b", "r") else ("input", "output")
        for signal, width in signals.items():
            yield Signal(f"{CONTROL}_{channel}{signal}", width, to)
        yield Signal(f"{CONTROL}_{channel}valid", 1, to)
        yield Signal(f"{CONTROL}_{channel}ready", 1, back)


def _memory_ports(data_bits: int) -> Iterator[Signal]:
    """AXI4 without identifiers; the shell is the master."""
    address = {"addr": 64, "len": 8, "size": 3, "burst": 2, "cache": 4, "prot": 3}
    for channel, signals in {
        "aw": address,
        "w": {"data": data_bits, "strb": data_bits // 8, "last": 1},
        "b": {"resp": 2},
        "ar": address,
        "r": {"data": data_bits, "resp": 2, "last": 1},
    }.items():
        to, back = ("input", "output") if channel in ("b", "r") else ("output", "input")
        for signal, width in signals.items():
            yield Signal(f"{MEMORY}_{channel}{signal}", width, to)
        yield Signal(f"{MEMORY}_{channel}valid", 1, to)
        yield Signal(f"{MEMORY}_{channel}ready", 1, back)


def _stream_ports(prefix: str, bits: int, direction: str) -> Iterator[Signal]:
    """AXI4-Stream with tkeep, as DMA engines have it."""
    back = "input" if direction == "output" else "output"
    yield Signal(f"{prefix}_tvalid", 1, direction)
    yield Signal(f"{prefix}_tready", 1, back)
    yield Signal(f"{prefix}_tdata", bits, direction)
    yield Signal(f"{prefix}_tkeep", bits // 8, direction)
    yield Signal(f"{prefix}_tlast", 1, direction)
