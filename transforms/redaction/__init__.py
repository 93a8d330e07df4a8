"""Redaction: taking single lines out of a delivered file, so that every other line keeps its number and its text.

Belongs here: where a number stands in a file, and each form of file without some of its lines. Does not belong here:
who is erased (`warehouse/vault/tombstones.py`), which files and in what order (`flows/erasing/`).
"""
