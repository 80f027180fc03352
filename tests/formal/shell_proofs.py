# SPDX-License-Identifier: Apache-2.0
"""What is proved of the shell: wrapper of `formal/`, parameters, mutants that must fail."""

from __future__ import annotations

from formal_runner import Model, Mutant, Proof


def unpack(word_bits: int, beat_bits: int, beats: int, stride_words: int) -> Model:
    """Words and beats of `axi_unpack`; their proportion matters, not their size."""
    return Model(
        {
            "WORD_BITS": word_bits,
            "BEAT_BITS": beat_bits,
            "BEATS": beats,
            "STRIDE_WORDS": stride_words,
        },
        cover=36,
    )


def pack(classes: int, bits: int, signed: int, data_bits: int, blocks: int, cover: int) -> Model:
    """A geometry of `logit_pack`."""
    return Model(
        {
            "CLASSES": classes,
            "LOGIT_BITS": bits,
            "LOGIT_SIGNED": signed,
            "DATA_BITS": data_bits,
            "BURST_BLOCKS": blocks,
        },
        cover=cover,
    )


def reader(data_bits: int, depth: int, block_bits: int, cover: int = 16) -> Model:
    """A geometry of `axi_reader`."""
    parameters = {"DATA_BITS": data_bits, "DEPTH": depth, "BLOCK_BITS": block_bits}
    return Model(parameters, depth=3, cover=cover)


def writer(data_bits: int, blocks: int, depth: int, cover: int = 0) -> Model:
    """A geometry of `axi_writer`."""
    return Model({"DATA_BITS": data_bits, "BURST_BLOCKS": blocks, "DEPTH": depth}, cover=cover)


SHELL = (
    Proof(
        "axi_lite",
        "prove_axi_lite",
        [Model({}, depth=8, cover=12)],
        [
            Mutant("axi_lite", "!s_axi_rvalid && !write_next;", "!s_axi_rvalid;"),
            Mutant("axi_lite", "&& !write_q && !s_axi_bvalid;", "&& !write_q;"),
            Mutant("axi_lite", "(write_q && whole)", "write_q"),
            Mutant("axi_lite", "whole ? OKAY : SLVERR", "OKAY"),
            Mutant("axi_lite", "(s_axi_rvalid && !s_axi_rready)", "s_axi_rvalid"),
        ],
    ),
    Proof(
        "axi_unpack narrow",
        "prove_axi_unpack",
        [unpack(4, 1, 6, 3), unpack(4, 4, 3, 3), unpack(8, 1, 13, 2), unpack(8, 2, 1, 1)],
        [
            Mutant("axi_unpack", "= 32'(word_q) >= WORDS;", "= 1'b0;"),
            Mutant("axi_unpack", "(last_index || m_axis_tlast)", "last_index"),
            Mutant("axi_unpack", "32'(word_q) == STRIDE_WORDS - 1", "32'(word_q) == WORDS - 1"),
            Mutant("axi_unpack", "last_word && index_q == LAST_INDEX", "last_word"),
        ],
    ),
    Proof(
        "axi_unpack wide",
        "prove_axi_unpack",
        [unpack(2, 4, 3, 8), unpack(1, 4, 3, 12), unpack(1, 8, 2, 16)],
        [
            Mutant("axi_unpack", "padding || !last_index || m_axis_tready", "1'b1"),
            Mutant("axi_unpack", "!padding && last_index;", "!padding;"),
            Mutant("axi_unpack", "(step) low_q <= s_axis_tdata;", "(pop) low_q <= s_axis_tdata;"),
        ],
    ),
    Proof(
        "logit_pack",
        "prove_logit_pack",
        [pack(5, 3, 1, 64, 2, cover=34)],
        [
            Mutant("logit_pack", "padding ? '0 : {{", "{{"),
            Mutant("logit_pack", "sign  = LOGIT_SIGNED != 0 && ", "sign  = 1'b0 && "),
            Mutant("logit_pack", "(&offset || last_slot)", "&offset"),
            Mutant("logit_pack", "!word || (m_words_tready && (!burst || m_burst_tready))", "1'b1"),
            Mutant("logit_pack", "start_q <= offset + 1'b1;", "start_q <= offset;"),
            Mutant("logit_pack", "&& burst && m_words_tready;", "&& burst;"),
            Mutant("logit_pack", "&& last_frame;", "&& first_q;"),
        ],
        mutant_depth=40,
    ),
    Proof(
        "logit_pack unsigned",
        "prove_logit_pack",
        [pack(3, 2, 0, 32, 1, cover=34)],
    ),
    Proof(
        "logit_pack wide",
        "prove_logit_pack",
        [
            pack(10, 32, 1, 32, 1, cover=34),
            pack(20, 3, 0, 128, 4, cover=68),
            pack(17, 20, 1, 512, 16, cover=68),
            pack(16, 9, 1, 256, 8, cover=34),
            pack(1, 1, 0, 64, 2, cover=34),
        ],
        slow=True,
    ),
    Proof(
        "axi_reader",
        "prove_axi_reader",
        [reader(512, 8, 3), reader(512, 64, 6), reader(32, 32, 4), reader(128, 256, 12)],
        [
            Mutant("axi_reader", "&& room_q >= words && !stop_i", "&& room_q >= words"),
            Mutant("axi_reader", "- COUNT_BITS'(address_q[OFFSET_BITS-1:0])", ""),
            Mutant("axi_reader", "32'(left_q) < 32'(aligned) ?", "1'b0 ?"),
        ],
        mutant_depth=6,
        presat=True,
        slow=True,
    ),
    Proof(
        "axi_reader small",
        "prove_axi_reader",
        [reader(512, 2, 2)],
        [
            Mutant("axi_reader", "(m_axi_arvalid && !m_axi_arready);", "1'b0;"),
            Mutant("axi_reader", "&& room_q >= words && !stop_i", "&& !stop_i"),
            Mutant("axi_reader", "- LEVEL_BITS'(m_axi_rvalid)", ""),
            Mutant("axi_reader", "+ LEVEL_BITS'(pop)", "+ LEVEL_BITS'(m_axis_tvalid)"),
            Mutant("axi_reader", "last_burst ? blocks_q :", "last_burst ? '0 :"),
        ],
        mutant_depth=8,
        presat=True,
        slow=True,
    ),
    Proof(
        "axi_writer",
        "prove_axi_writer",
        [
            writer(512, 2, 4, cover=20),
            writer(512, 1, 4, cover=20),
            writer(32, 1, 32),
            writer(128, 4, 32),
        ],
        [
            Mutant("axi_writer", "m_axi_wlast   = left_q == '0;", "m_axi_wlast   = 1'b1;"),
            Mutant("axi_writer", "(!busy_q || sent_last) && ", ""),
            Mutant("axi_writer", " && (!m_axi_awvalid || m_axi_awready)", ""),
            Mutant("axi_writer", "burst_valid && !stop_i &&", "burst_valid &&"),
            Mutant("axi_writer", "DEPTH / BLOCK_WORDS + 1;", "DEPTH / BLOCK_WORDS - 1;"),
            Mutant("axi_writer", "8'(BLOCK_WORDS) - 8'd1;", "8'(BLOCK_WORDS);"),
            Mutant("axi_writer", ".m_axis_tready(m_axi_bvalid)", ".m_axis_tready(1'b1)"),
        ],
        mutant_depth=8,
        presat=True,
        slow=True,
    ),
    Proof(
        "shell_control",
        "prove_shell_control",
        [Model({"LOAD_WORDS": 5}, cover=16), Model({"LOAD_WORDS": 0, "RUNS": 2}, cover=16)],
        [
            Mutant("shell_control", "&& taken_q != COUNT_BITS'(RUNS)", ""),
            Mutant("shell_control", "empty && !busy_o", "empty"),
            Mutant("shell_control", "!done_o && taken_q != active_q", "taken_q != active_q"),
            Mutant("shell_control", "fetch_o && loaded_q", "fetch_o"),
            Mutant("shell_control", "start_i && !stop_i &&", "start_i &&"),
        ],
    ),
    Proof(
        "shell_reset",
        "prove_shell_reset",
        [Model({"CYCLES": 8}, depth=3, cover=16), Model({"CYCLES": 2}, depth=3, cover=16)],
        [
            Mutant("shell_reset", "soft_reset_i && idle_i", "soft_reset_i"),
            Mutant("shell_reset", "rst_n && count_q != COUNT_BITS'(1)", "rst_n"),
            Mutant("shell_reset", "run_q   <= count_q == COUNT_BITS'(1)", "run_q   <= 1'b1"),
        ],
    ),
    Proof(
        "stream_guard",
        "prove_stream_guard",
        [
            Model({"BEATS": 3, "WIDTH": 16}, cover=16),
            Model({"BEATS": 1}),
            Model({"BEATS": 700}),
        ],
        [
            Mutant("stream_guard", "state_q == Drop || (", "("),
            Mutant("stream_guard", "s_axis_tlast ? Fill : Drop;", "s_axis_tlast ? Pass : Drop;"),
            Mutant("stream_guard", "state_q == Fill ? '0 : s_axis_tdata", "s_axis_tdata"),
            Mutant("stream_guard", "state = open_q ? Drop : Pass", "state = Pass"),
            Mutant("stream_guard", "if (abort_i) beat_q <= '0;\n      else if", "if"),
        ],
    ),
    Proof(
        "stream_logits",
        "prove_stream_logits",
        [
            Model({"CLASSES": 3}, cover=16),
            Model({"CLASSES": 1, "LOGIT_BITS": 32}),
            Model({"CLASSES": 10, "LOGIT_BITS": 9, "LOGIT_SIGNED": 0}, cover=32),
        ],
        [
            Mutant("stream_logits", "fill_q ? !(step && last) : ", ""),
            Mutant("stream_logits", "fill_q ? 32'd0 : data", "data"),
            Mutant("stream_logits", "ready && !fill_q && !abort_i", "ready && !abort_i"),
            Mutant("stream_logits", "(s_axis_tvalid && !abort_i)", "s_axis_tvalid"),
        ],
    ),
)
