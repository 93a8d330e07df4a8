"""What the operator of a nightly may not do, root may; a child gives that up before it runs, so that modes count."""

from __future__ import annotations

import ctypes
import os

_VERSION_3 = 0x20080522
_OVERRIDES = 0b1111
"""CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH and CAP_FOWNER."""


def obey_modes() -> None:
    """Let root in this process, for good, read and write only what modes allow its owner; others are so already."""
    if os.geteuid():
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted and inheritable, of capabilities 0 to 31 and the rest
    if libc.capget(header, sets) == 0:
        for place in range(3):
            sets[place] &= ~_OVERRIDES
        if libc.capset(header, sets) == 0:
            return
    raise OSError(ctypes.get_errno(), "the rights of root could not be given up")
