"""Pseudonyms: which owners have a NIK that is kept, and the keyed pseudonym that stands for it."""
