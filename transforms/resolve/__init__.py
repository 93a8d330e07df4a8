"""Resolve: which registrations are one business, and which businesses have one owner.

This first version links superseded registrations and exact keys. Owner evidence and business evidence stay apart: a
shared NIK or NIB means one owner, never by itself one business.
"""

from transforms.resolve.resolve import resolve

__all__ = ["resolve"]
