# SPDX-License-Identifier: Apache-2.0
"""What is proved: wrapper of `formal/`, parameters, mutants that must fail."""

from __future__ import annotations

from formal_runner import Model, Mutant, Proof
from shell_proofs import SHELL


def regroup(width: int, in_columns: int, out_columns: int, cover: int = 0, **more: int) -> Model:
    """A geometry of `regroup`, frames of two rows."""
    return Model(
        {"WIDTH": width, "IN_COLUMNS": in_columns, "OUT_COLUMNS": out_columns, "BITS": 1, **more},
        cover=cover,
    )


REGROUP_MUTANTS = (
    Mutant("regroup", "32'(count_q) <= WAITING", "32'(count_q) <= WAITING + 1"),
    Mutant("regroup", "32'(count_q) >= OUT_UNITS", "32'(count_q) >= OUT_UNITS - 1"),
    Mutant("regroup", "n = s * IN_UNITS % OUT_UNITS", "n = s * IN_UNITS"),
    Mutant("regroup", "segment_last ? COUNT_BITS'(LAST_UNITS) : ", ""),
    Mutant("regroup", "units_q[u+OUT_UNITS]", "units_q[u]"),
    Mutant("regroup", "BEAT_BITS'(FRAME_BEATS - 1);", "BEAT_BITS'(FRAME_BEATS);"),
)

STREAM = (
    Proof(
        "skid",
        "prove_skid",
        [Model({"WIDTH": 8}, cover=10), Model({"WIDTH": 1})],
        [
            Mutant(
                "skid", "assign s_axis_tready = !spare_valid_q;", "assign s_axis_tready = 1'b1;"
            ),
            Mutant(
                "skid", "blocked && (spare_valid_q || s_axis_tvalid)", "blocked && s_axis_tvalid"
            ),
            Mutant("skid", "if (!blocked) m_axis_tdata", "m_axis_tdata"),
            Mutant("skid", "if (s_axis_tready) spare_q", "spare_q"),
            Mutant("skid", "blocked || spare_valid_q || s_axis_tvalid", "blocked || s_axis_tvalid"),
        ],
    ),
    Proof(
        "fifo",
        "prove_fifo",
        [
            Model({"WIDTH": 8, "DEPTH": 4}, depth=3, cover=16),
            Model({"WIDTH": 1, "DEPTH": 2, "KIND": 1}, depth=3, cover=16),
            Model({"WIDTH": 5, "DEPTH": 3, "KIND": 2}, depth=3, cover=16),
        ],
        [
            Mutant("fifo", "level_q != LEVEL_BITS'(DEPTH)", "1'b1"),
            Mutant("fifo", "level_q != '0 && (", "("),
            Mutant("fifo", "(!m_axis_tvalid || m_axis_tready)", "1'b1"),
            Mutant("fifo", "pop || (m_axis_tvalid && !m_axis_tready)", "pop"),
            Mutant("fifo", "if (pop) read_q <= read_q == LAST", "if (pop) read_q <= read_q == 2"),
            Mutant("fifo", " - LEVEL_BITS'(pop)", ""),
            Mutant("fifo", ".write_address_i(write_q)", ".write_address_i(read_q)"),
        ],
    ),
    Proof(
        "fifo deep",
        "prove_fifo",
        [
            Model({"WIDTH": 33, "DEPTH": 16, "KIND": 0}, depth=3),
            Model({"WIDTH": 8, "DEPTH": 8, "KIND": 1}, depth=3, cover=20),
            Model({"WIDTH": 9, "DEPTH": 32, "KIND": 0}, depth=3),
            Model({"WIDTH": 8, "DEPTH": 100, "KIND": 1}, depth=3),
            Model({"WIDTH": 36, "DEPTH": 512, "KIND": 1}, depth=3),
            Model({"WIDTH": 72, "DEPTH": 4096, "KIND": 2}, depth=3),
        ],
        slow=True,
    ),
    Proof(
        "broadcast",
        "prove_broadcast",
        [
            Model({"COPIES": 2}, cover=8),
            Model({"COPIES": 1, "WIDTH": 1}, cover=8),
            Model({"COPIES": 5}, cover=8),
        ],
        [
            Mutant("broadcast", "(m_axis_tvalid & ~m_axis_tready) == '0", "m_axis_tready != '0"),
            Mutant("broadcast", "m_axis_tvalid & ~m_axis_tready;", "m_axis_tvalid;"),
            Mutant("broadcast", "{COPIES{last_q}}", "{COPIES{s_axis_tlast}}"),
        ],
    ),
    Proof(
        "load_gate",
        "prove_load_gate",
        [
            Model({"WORDS": 4, "STAGES": 1}, depth=3, cover=12),
            Model({"WORDS": 1, "STAGES": 3}, depth=3, cover=12),
            Model({"WORDS": 1000, "STAGES": 17}, depth=3),
        ],
        [
            Mutant("load_gate", "m_axis_tready && open_q", "m_axis_tready"),
            Mutant("load_gate", "s_axis_tvalid && open_q", "s_axis_tvalid"),
            Mutant("load_gate", "== WORDS + STAGES", "== WORDS"),
            Mutant("load_gate", "open_q || 32'", "32'"),
            Mutant("load_gate", "&& !taken;", "&& taken;"),
        ],
    ),
    Proof(
        "regroup",
        "prove_regroup",
        [
            regroup(7, 2, 3, cover=16),
            regroup(1, 1, 1, cover=8),
            regroup(4, 1, 2, cover=16),
            regroup(4, 2, 1, cover=16),
        ],
        REGROUP_MUTANTS,
    ),
    Proof(
        "regroup wide",
        "prove_regroup",
        [
            regroup(7, 3, 2, cover=28, BITS=3, CHANNELS=2),
            regroup(5, 5, 3, cover=16),
            regroup(3, 4, 2, cover=16),
            regroup(4, 4, 4, cover=16),
            regroup(9, 9, 2, cover=20),
            regroup(13, 4, 6, cover=16),
            regroup(13, 6, 4, cover=16),
            regroup(23, 12, 8, cover=16),
            regroup(23, 5, 12, cover=20),
            regroup(55, 7, 5, cover=40),
            regroup(56, 56, 16, cover=20),
            regroup(20, 1, 20),
            regroup(20, 20, 1),
            regroup(113, 16, 57, cover=20),
        ],
        slow=True,
    ),
)

PROOFS = STREAM + SHELL
