"""Numbers: texts of 16 digits as a NIK has them, however they are written, within any text or bytes.

Belongs here: finding them. Whether one is sought is asked by value or by pseudonym, which is the caller's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

NIK_DIGITS = 16
_BETWEEN = "[ .()+'\u2019\u00a0-]*"
"""What people set between digits; never what parts the fields of a line."""
CANDIDATES_MACRO = f"""
    CREATE OR REPLACE TEMP MACRO nik_candidates(t) AS
        flatten(list_transform(
            list_transform(
                regexp_extract_all(t, '[0-9](?:{_BETWEEN.replace("'", "''")}[0-9]){{{NIK_DIGITS - 1},}}'),
                lambda run: regexp_replace(run, '[^0-9]', '', 'g')
            ),
            lambda digits: list_transform(
                range(1, length(digits) - {NIK_DIGITS - 2}), lambda place: substr(digits, place, {NIK_DIGITS})
            )
        ))"""
"""SQL: every 16 digits in a row within a text, as a list; a longer run of digits gives one for each place."""


def candidates_in(content: re.Match[bytes]) -> Iterator[str]:
    """Every 16 digits in a row of a run that `runs_in` found."""
    digits = re.sub(rb"\D", b"", content[0]).decode("ascii")
    for place in range(len(digits) - NIK_DIGITS + 1):
        yield digits[place : place + NIK_DIGITS]


def runs_pattern(width: int = 1, is_big_endian: bool = False) -> re.Pattern[bytes]:
    """Runs of 16 and more digits in bytes of an encoding of `width` bytes for each character, 1 or 2."""
    if width == 1:
        between = rb"(?:[ .()+'\xa0-]|\xc2\xa0|\xe2\x80\x99)*"
        return re.compile(rb"[0-9](?:%b[0-9]){%d,}" % (between, NIK_DIGITS - 1))
    digit, between = (
        (rb"\0[0-9]", rb"(?:\0[ .()+'\xa0-]|\x20\x19)*")
        if is_big_endian
        else (rb"[0-9]\0", rb"(?:[ .()+'\xa0-]\0|\x19\x20)*")
    )
    return re.compile(rb"%b(?:%b%b){%d,}" % (digit, between, digit, NIK_DIGITS - 1))
