"""Verifying: whether a published version is still what its certificate says, and says what its inputs give."""

from flows.verifying.told import Check, Verification, VerifyError
from flows.verifying.verify import verify

__all__ = ["Check", "Verification", "VerifyError", "verify"]
