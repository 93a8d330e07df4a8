"""What one version of the register changes against another. No personal column."""

from transforms.changes.changes import build_changes, carry_on, tell_changes, unexplained_count, view_version

__all__ = ["build_changes", "carry_on", "tell_changes", "unexplained_count", "view_version"]
