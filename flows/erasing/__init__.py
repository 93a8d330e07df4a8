"""Erasing a person: out of landed files, lake, vault and versions, and never in again.

Belongs here: who is sought, where, and the order in which files are changed. Does not belong here: the forms of files
(`transforms/redaction/`), keys and tombstones (`warehouse/vault/`).
"""
