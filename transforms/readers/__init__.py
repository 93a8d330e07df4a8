"""Readers: SQL macros that turn the text of one field into one value, NULL when it cannot be read.

Belongs here: all engine-specific text handling, one file per kind of value. Does not belong here: any judgement whether
a value is acceptable (`expectations/`). A reader is total (any text gives a value or NULL, never an exception) and
idempotent (the text of a value reads as that value); tests hold every macro to both.

Each reader is a CASE of two tiers, because macros are expanded wherever they are used. The first branches recognise the
usual form at little cost per row. Everything else stands in a lambda over a list of one: there the text is cleaned and
bound once, however often the branch names it, and nothing of it runs for the usual form.
"""
