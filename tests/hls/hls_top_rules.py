# SPDX-License-Identifier: Apache-2.0
"""Reads the text of a generated top: its channels, calls and ports, and what is wrong with them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from hls_compiler import INCLUDE
from hls_rules import pragmas

WIDEST = 4096
"""Bits of a word, and elements of a partition."""
WIDEST_MEMORY = 1024
"""Bits of an AXI4 port to memory."""

TOP = re.compile(r'^extern "C" void (\w+)\((.*?)\) \{\n(.*?)^\}$', re.MULTILINE | re.DOTALL)
CALL = re.compile(r"^  firebrick::(\w+)<(\w+)::Cfg>\((.*?)\);$", re.MULTILINE | re.DOTALL)
CHANNEL = re.compile(
    r'^  hls::stream<firebrick::beat<(\d+), (\d+)>> (\w+)\("\w+"\);$', re.MULTILINE
)


def split(text: str) -> list[str]:
    """Parts between commas that are in no brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "<([") - (character in ">)]")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [" ".join(x.split()) for x in parts if x.strip()]


def directions(function: str, count: int) -> list[str]:
    """For each argument of a function: read, written, or a constant table."""
    text = (INCLUDE / "firebrick" / f"{function}.hpp").read_text()
    match = re.search(rf"^void {function}\((.*?)\) \{{", text, re.MULTILINE | re.DOTALL)
    assert match, function
    result = []
    for parameter in split(match[1]):
        name = re.split(r"\W+", parameter)[-1]
        constant = parameter.startswith("const ")
        if name.startswith("s_axis") or (name == "memory" and constant):
            kind = "read"
        elif name.startswith("m_axis") or name == "memory":
            kind = "written"
        else:
            assert constant, f"{function}: {parameter}"
            kind = "table"
        repeated = count - len(split(match[1])) + 1 if "..." in parameter else 1
        result += [kind] * repeated
    return result


def dataflow_faults(text: str) -> Iterator[str]:
    """Channels that have not one writer and then one reader; a body of more than calls."""
    top = TOP.search(text)
    assert top
    arguments = [re.split(r"\W+", x)[-1] for x in split(top[2])]
    channels = {name: int(a) * int(b) for a, b, name in CHANNEL.findall(top[3])}
    uses: dict[str, list[str]] = {x: [] for x in (*arguments, *channels)}
    for function, space, given in CALL.findall(top[3]):
        names = split(given)
        kinds = directions(function, len(names))
        if len(kinds) != len(names):
            yield f"{function} takes {len(kinds)} arguments"
            continue
        for name, kind in zip(names, kinds, strict=True):
            if kind == "table":
                if not name.startswith(f"{space}::"):
                    yield f"{name} is no table of {space}"
            elif name in uses:
                uses[name].append(kind)
            else:
                yield f"{name} is no channel"
    for name, bits in channels.items():
        # In the order of the calls: a channel that is read first would be a loop.
        if uses[name] != ["written", "read"]:
            yield f"{name} is {uses[name]}"
        if bits > WIDEST:
            yield f"{name} has {bits} bits"
    yield from (f"{x} is {uses[x]}" for x in arguments if len(uses[x]) != 1)
    found = pragmas(top[3])
    if sum(x.kind == "DATAFLOW" for x in found) != 1:
        yield "no DATAFLOW"
    depths = [x.options for x in found if x.kind == "STREAM"]
    if Counter(x["variable"] for x in depths) != Counter(list(channels)):
        yield "not each channel has a depth"
    yield from (f"{x['variable']} is too shallow" for x in depths if int(x["depth"]) < 2)
    rest = CHANNEL.sub("", CALL.sub("", top[3]))
    yield from (x for x in rest.splitlines() if x.strip() and not x.startswith("#pragma HLS "))


def interfaces(text: str) -> dict[str, list[tuple[str, dict[str, str]]]]:
    """By port, the modes and options of its pragmas."""
    ports: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for pragma in pragmas(text):
        if pragma.kind == "INTERFACE":
            options = dict(pragma.options)
            ports.setdefault(options.pop("port"), []).append((options.pop("mode"), options))
    return ports


def interface_faults(text: str) -> Iterator[str]:
    """Ports without a protocol, or with one that their type cannot have."""
    top = TOP.search(text)
    assert top
    ports = interfaces(top[3])
    arguments = {re.split(r"\W+", x)[-1]: x for x in split(top[2])}
    yield from (f"{x} is no port" for x in ports.keys() - arguments.keys() - {"return"})
    modes = {port: sorted(mode for mode, _ in given) for port, given in ports.items()}
    if modes.get("return") != ["ap_ctrl_chain", "s_axilite"]:
        yield f"return: {modes.get('return')}"
    every = [x for given in ports.values() for x in given]
    if len({options.get("bundle") for mode, options in every if mode == "s_axilite"}) != 1:
        yield "control is not one bundle"
    memories = [options.get("bundle") for mode, options in every if mode == "m_axi"]
    if len(memories) != len(set(memories)):
        yield "one port to memory for two streams: neither bursts"
    for name, declared in arguments.items():
        stream = re.fullmatch(r"hls::stream<ap_axiu<(\d+), 0, 0, 0>>& \w+", declared)
        memory = re.fullmatch(r"(?:const )?ap_uint<(\d+)>\* \w+", declared)
        expected = ["axis"] if stream else ["m_axi", "s_axilite"]
        if modes.get(name, []) != expected:
            yield f"{name}: {modes.get(name, [])}"
        if stream and (int(stream[1]) % 8 or int(stream[1]) > WIDEST):
            yield f"{name} has {stream[1]} bits"
        elif memory:
            yield from (f"{name}: {x}" for x in memory_faults(int(memory[1]), dict(ports[name])))
        elif not stream:
            yield f"{name}: {declared}"


def memory_faults(bits: int, modes: dict[str, dict[str, str]]) -> Iterator[str]:
    """Of a port to memory."""
    if bits & (bits - 1) or not 8 <= bits <= WIDEST_MEMORY:
        yield f"{bits} bits"
    options = modes.get("m_axi", {})
    if options.get("offset") != "slave":
        yield "nobody sets its address"
    if int(options.get("depth", 0)) < 1:
        yield "co-simulation has to know its depth"


def faults(text: str) -> list[str]:
    return [*dataflow_faults(text), *interface_faults(text)]
