# SPDX-License-Identifier: Apache-2.0
"""What may happen to a shell: one function an event, each says what must come of it."""

from __future__ import annotations

from collections.abc import Callable

from firebrick.campaign.trial import BATCH, Finding, Hang, Trial
from firebrick.runtime import registers as reg
from firebrick.runtime.layout import unpack_logits
from firebrick.runtime.registers import Register

MOST_FRAMES = 7
"""Of images given to the driver at once: some runs."""
POLLS = 100_000
"""Looks at a register without anything happening that count as a hang."""


def nothing(trial: Trial) -> None:
    """As many frames as several runs take, or fewer; the same memory is free afterwards."""
    images = trial.draw_images(MOST_FRAMES)
    before = trial.prepare()
    trial.accept(images, trial.accelerator.infer(images))
    trial.unchanged(before, BATCH)
    trial.quiet()


def two_runs(trial: Trial) -> None:
    """The second one is queued behind the first."""
    batches = [trial.draw_images(BATCH) for _ in range(2)]
    before = trial.prepare()
    pending = [trial.accelerator.submit(x) for x in batches]
    for images, result in zip(batches, pending, strict=True):
        trial.accept(images, result.result())
    trial.unchanged(before, BATCH)


def many_runs(trial: Trial) -> None:
    """More than the shell can note are started, acknowledged now and then."""
    count = int(trial.rng.integers(2, 13))
    before = trial.prepare()
    images = trial.place_images(BATCH)
    started = acknowledged = idle = 0
    while acknowledged < count:
        control = trial.read(Register.CTRL)
        idle += 1
        if started < count and not control & reg.CTRL_AP_START.mask:
            trial.start(len(images))
            started, idle = started + 1, 0
        elif control & reg.CTRL_AP_DONE.mask and trial.rng.random() < 0.1:
            trial.write(Register.CTRL, reg.CTRL_AP_CONTINUE.mask)
            acknowledged, idle = acknowledged + 1, 0
        elif idle > POLLS:
            raise Hang(f"{acknowledged} of {started} runs have ended")
        else:
            trial.device.step(10)
    trial.expect("ap_done", trial.read(Register.CTRL) & reg.CTRL_AP_DONE.mask, 0)
    logits = trial.logits[0].array
    trial.accept(images, unpack_logits(logits, trial.kernel.description, len(images)))
    trial.unchanged(before, BATCH)


def read_error(trial: Trial) -> None:
    """Memory answers a read with an error, weights included."""
    if trial.rng.random() < 0.5:
        trial.accelerator.reset()  # so that weights are among what is read
    trial.device.assertions(not trial.weights)
    trial.faulty("read", reg.ERRORS_READ_RESPONSE.mask)
    trial.device.assertions(on=True)


def write_error(trial: Trial) -> None:
    """Memory answers a write with an error."""
    trial.faulty("write", reg.ERRORS_WRITE_RESPONSE.mask)


def error_flag_cleared_by_hand(trial: Trial) -> None:
    """A run with an error ends as others do. Weights stay wrong; images harm no further run."""
    flag = reg.ERRORS_READ_RESPONSE.mask
    weights = not trial.read(Register.STATUS) & reg.STATUS_LOADED.mask
    done = trial.read(Register.FRAMES_DONE)
    trial.device.fail(read=1)
    trial.device.assertions(not weights)
    frames = len(trial.place_images(BATCH))
    trial.start(frames)
    trial.ended()
    trial.expect("ERRORS", trial.read(Register.ERRORS), flag)
    trial.expect("FRAMES_DONE", trial.read(Register.FRAMES_DONE) - done, frames)
    trial.write(Register.ERRORS, flag)
    trial.expect("ERRORS", trial.read(Register.ERRORS), flag if weights else 0)
    if weights:
        trial.accelerator.reset()
    else:
        trial.acknowledge()
    trial.device.assertions(on=True)


def soft_reset_in_a_run(trial: Trial) -> None:
    """Bursts are ended, nothing more is begun, the run fails."""
    pending = trial.cut()
    trial.write(Register.RESET, reg.RESET_SOFT_RESET.mask)
    before = trial.bursts()
    trial.accelerator.reset()
    trial.quiet()
    for kind, count in trial.bursts().items():
        if count > before[kind] + 1:  # one may have been asked for when the reset came
            raise Finding(f"{count - before[kind]} {kind} bursts were begun after a reset")
    trial.refuse(pending, "cut off by a reset")


def soft_reset_when_idle(trial: Trial) -> None:
    """Registers and counters start anew."""
    trial.accelerator.reset()
    trial.quiet()
    for register in (Register.FRAMES_DONE, Register.IMAGES_LO, Register.FRAMES, Register.CTRL):
        idle = reg.CTRL_AP_IDLE.mask if register is Register.CTRL else 0
        trial.expect(register.name, trial.read(register), idle)


def hard_reset_in_a_run(trial: Trial) -> None:
    """The reset line, at any time."""
    pending = trial.cut()
    trial.device.hard_reset(int(trial.rng.integers(1, 20)))
    trial.accelerator.reset()
    trial.refuse(pending, "cut off by a reset")


def zero_frames(trial: Trial) -> None:
    """Done at once, memory is not touched."""
    with trial.untouched():
        trial.start(0)
        trial.ended()
    trial.expect("ERRORS", trial.read(Register.ERRORS), 0)
    trial.acknowledge()


def misaligned_address(trial: Trial) -> None:
    """Flagged, done at once, memory is not touched."""
    which = int(trial.rng.integers(2 + len(trial.weights)))
    if which == 2:  # looked at only while weights are missing
        trial.accelerator.reset()
    with trial.untouched():
        frames, offset = int(trial.rng.integers(1, BATCH + 1)), int(trial.rng.integers(1, 64))
        trial.start(frames, which, offset)
        trial.ended()
    trial.expect("ERRORS", trial.read(Register.ERRORS), reg.ERRORS_ADDRESS.mask)
    if trial.rng.random() < 0.5:
        trial.accelerator.reset()
    else:
        trial.write(Register.ERRORS, reg.ERRORS_ADDRESS.mask)
        trial.acknowledge()


def registers_shaken(trial: Trial) -> None:
    """Reads of everything and writes without meaning, while a run is at work."""
    images = trial.draw_images(BATCH)
    pending = trial.accelerator.submit(images)
    fixed = trial.kernel.description.expected_registers()
    known = {int(x) for x in Register}
    for _ in range(30):
        offset = 4 * int(trial.rng.integers(1 << 10))
        value = trial.read(offset)
        if offset not in known:
            trial.expect(f"register 0x{offset:x}", value, 0)
        if offset not in known or Register(offset) in fixed:
            trial.write(offset, int(trial.rng.integers(1 << 32)))
    trial.accept(images, pending.result())


EVENTS: dict[str, Callable[[Trial], None]] = {
    x.__name__.replace("_", " "): x
    for x in (
        *(nothing, two_runs, many_runs, read_error, write_error, error_flag_cleared_by_hand),
        *(soft_reset_in_a_run, soft_reset_when_idle, hard_reset_in_a_run, zero_frames),
        *(misaligned_address, registers_shaken),
    )
}
"""By name."""
