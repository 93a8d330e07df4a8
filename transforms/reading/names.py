"""Names: the name under which a delivered file is kept, safe to show and to use in a path, in SQL and in a glob."""

from __future__ import annotations

import unicodedata

NAME_BYTES_LIMIT = 120
"""Leaves room for what we add to a name; file systems end at 255."""
_SYSTEM_NAMES = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
_KEPT = frozenset(" ._-()+,")


def safe_name(name: str) -> str:
    """`name` with `_` for every character that is no letter, digit or one of ` ._-()+,`; never empty or hidden.

    A long name loses its middle, so that its ending still tells the kind of file.
    """
    text = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))
    text = "".join(character if character.isalnum() or character in _KEPT else "_" for character in text)
    text = text.lstrip(" .-").rstrip(" .") or "delivery"
    while len(text.encode()) > NAME_BYTES_LIMIT:
        middle = len(text) // 2
        text = text[: middle - 1] + text[middle:]
    return text


def is_system_name(name: str) -> bool:
    """Whether an operating system leaves files of this name in folders and archives; they are no deliveries."""
    return name.lower() in _SYSTEM_NAMES or name.startswith("._")
