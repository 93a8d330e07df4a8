"""Drafting: proposes a source profile for an export that has none, with what was seen and how sure it is.

Belongs here: evidence and proposals for an engineer. Does not belong here: reading a delivery; nothing that is proposed
here is ever used without a profile that a person has put into `warehouse/sources/`.
"""
