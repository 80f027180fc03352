# SPDX-License-Identifier: Apache-2.0
"""Registers of the shell.

Made from registers.rdl by `make registers`; not to be edited.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Register(IntEnum):
    """Byte offsets; all registers have 32 bits."""

    CTRL = 0x00
    GIE = 0x04
    IER = 0x08
    ISR = 0x0C
    IMAGES_LO = 0x10
    IMAGES_HI = 0x14
    LOGITS_LO = 0x1C
    LOGITS_HI = 0x20
    FRAMES = 0x28
    WEIGHTS_LO = 0x30
    WEIGHTS_HI = 0x34
    ID = 0x40
    VERSION = 0x44
    MODEL_HASH0 = 0x48
    MODEL_HASH1 = 0x4C
    MODEL_HASH2 = 0x50
    MODEL_HASH3 = 0x54
    SIZE = 0x58
    PIXEL = 0x5C
    CLASSES = 0x60
    IMAGE_STRIDE = 0x64
    LOGITS_STRIDE = 0x68
    WEIGHTS_BYTES = 0x6C
    BUS = 0x70
    STATUS = 0x74
    ERRORS = 0x78
    RESET = 0x7C
    FRAMES_DONE = 0x80
    CYCLES_LO = 0x84
    CYCLES_HI = 0x88
    FRAME_CYCLES = 0x8C


class Field(NamedTuple):
    """Some bits of a register.

    Attributes:
        register: it belongs to.
        low: its lowest bit.
        bits: how many.
    """

    register: Register
    low: int
    bits: int

    @property
    def mask(self) -> int:
        """The field's bits in the register."""
        return ((1 << self.bits) - 1) << self.low

    def of(self, word: int) -> int:
        """Value of the field in a word read."""
        return (word & self.mask) >> self.low


CTRL_AP_START = Field(Register.CTRL, 0, 1)
"""
Write 1 to start a run. Reads 1 until the run has been taken, which may be while runs before it are
still at work: then the next run may be set up.
"""
CTRL_AP_DONE = Field(Register.CTRL, 1, 1)
"""
A run has ended. Stays until ap_continue is written; if another run has ended meanwhile it is 1
again after that.
"""
CTRL_AP_IDLE = Field(Register.CTRL, 2, 1)
"""No run is waiting or at work."""
CTRL_AP_READY = Field(Register.CTRL, 3, 1)
"""A run has been taken: registers may be written for the next one. Cleared by reading."""
CTRL_AP_CONTINUE = Field(Register.CTRL, 4, 1)
"""Write 1 to acknowledge ap_done. Reads as zero."""
CTRL_AUTO_RESTART = Field(Register.CTRL, 7, 1)
"""While 1, ap_start is not cleared when a run is taken, and ap_done is acknowledged by itself."""

GIE_ENABLE = Field(Register.GIE, 0, 1)
"""Lets ISR drive the interrupt line."""

IER_DONE = Field(Register.IER, 0, 1)
"""ISR notes ends of runs."""
IER_READY = Field(Register.IER, 1, 1)
"""ISR notes runs taken."""

ISR_DONE = Field(Register.ISR, 0, 1)
"""ap_done has risen while enabled."""
ISR_READY = Field(Register.ISR, 1, 1)
"""A run has been taken while enabled."""

IMAGES_LO_ADDRESS = Field(Register.IMAGES_LO, 0, 32)
"""Low half of the address of the first image; a multiple of 64."""

IMAGES_HI_ADDRESS = Field(Register.IMAGES_HI, 0, 32)
"""High half of the address of the first image."""

LOGITS_LO_ADDRESS = Field(Register.LOGITS_LO, 0, 32)
"""Low half of the address of the first frame's logits; a multiple of 64."""

LOGITS_HI_ADDRESS = Field(Register.LOGITS_HI, 0, 32)
"""High half of the address of the first frame's logits."""

FRAMES_COUNT = Field(Register.FRAMES, 0, 32)
"""Images of a run; with 0 it ends at once."""

WEIGHTS_LO_ADDRESS = Field(Register.WEIGHTS_LO, 0, 32)
"""Low half of the address of the weights to be loaded; a multiple of 64."""

WEIGHTS_HI_ADDRESS = Field(Register.WEIGHTS_HI, 0, 32)
"""High half of the address of the weights to be loaded."""

ID_MAGIC = Field(Register.ID, 0, 32)
"""ASCII FBRK."""
ID_MAGIC_VALUE = 0x4B524246

VERSION_MINOR = Field(Register.VERSION, 0, 16)
"""Changes are compatible within one major version."""
VERSION_MINOR_VALUE = 0x0
VERSION_MAJOR = Field(Register.VERSION, 16, 16)
"""Changes when software must."""
VERSION_MAJOR_VALUE = 0x1

MODEL_HASH0_DIGITS = Field(Register.MODEL_HASH0, 0, 32)
"""Eight digits, the first one in the high bits."""

MODEL_HASH1_DIGITS = Field(Register.MODEL_HASH1, 0, 32)
"""Digits 8 to 15."""

MODEL_HASH2_DIGITS = Field(Register.MODEL_HASH2, 0, 32)
"""Digits 16 to 23."""

MODEL_HASH3_DIGITS = Field(Register.MODEL_HASH3, 0, 32)
"""Digits 24 to 31."""

SIZE_HEIGHT = Field(Register.SIZE, 0, 16)
"""Rows."""
SIZE_WIDTH = Field(Register.SIZE, 16, 16)
"""Pixels of a row."""

PIXEL_CHANNELS = Field(Register.PIXEL, 0, 8)
"""Channels of a pixel."""
PIXEL_PIXEL_BYTES = Field(Register.PIXEL, 8, 8)
"""Bytes of a pixel in memory: channels rounded up to a power of two."""
PIXEL_PIXELS = Field(Register.PIXEL, 16, 16)
"""Pixels of a beat; each image row begins a new beat."""

CLASSES_CLASSES = Field(Register.CLASSES, 0, 24)
"""Logits of a frame."""
CLASSES_LOGIT_BITS = Field(Register.CLASSES, 24, 8)
"""Bits of a logit, before it is extended to 32."""

IMAGE_STRIDE_BYTES = Field(Register.IMAGE_STRIDE, 0, 32)
"""Bytes from one image to the next."""

LOGITS_STRIDE_BYTES = Field(Register.LOGITS_STRIDE, 0, 32)
"""Bytes from one frame's logits to the next one's."""

WEIGHTS_BYTES_BYTES = Field(Register.WEIGHTS_BYTES, 0, 32)
"""Bytes of the weights to be loaded; 0: none."""

BUS_DATA_BYTES = Field(Register.BUS, 0, 16)
"""Bytes of a word of the AXI4 bus; 0 in the stream variant."""

STATUS_BUSY = Field(Register.STATUS, 0, 1)
"""A run is at work."""
STATUS_LOADED = Field(Register.STATUS, 1, 1)
"""The network has all its weights, or needs none."""
STATUS_RESETTING = Field(Register.STATUS, 2, 1)
"""A soft reset is under way."""

ERRORS_READ_RESPONSE = Field(Register.ERRORS, 0, 1)
"""
Memory answered a read with an error. If it was of the weights, this stays 1 until a soft reset.
"""
ERRORS_WRITE_RESPONSE = Field(Register.ERRORS, 1, 1)
"""Memory answered a write with an error."""
ERRORS_ADDRESS = Field(Register.ERRORS, 2, 1)
"""An address was no multiple of 64; the run ended at once."""
ERRORS_PACKET = Field(Register.ERRORS, 3, 1)
"""
Stream variant: a packet was too long or too short. If it was that of the weights, this stays 1
until a soft reset.
"""

RESET_SOFT_RESET = Field(Register.RESET, 0, 1)
"""
Write 1 to end all bursts and reset network and shell, this register map included. Reads 1 until
that is done.
"""

FRAMES_DONE_COUNT = Field(Register.FRAMES_DONE, 0, 32)
"""Frames since the last reset whose logits are in memory."""

CYCLES_LO_COUNT = Field(Register.CYCLES_LO, 0, 32)
"""Cycles of the current or last run, from its start to its end."""

CYCLES_HI_COUNT = Field(Register.CYCLES_HI, 0, 32)
"""The same, high word; of the 48 bits counted."""

FRAME_CYCLES_COUNT = Field(Register.FRAME_CYCLES, 0, 32)
"""Cycles between the last logits of a run's last two frames; 0 when there was but one."""
