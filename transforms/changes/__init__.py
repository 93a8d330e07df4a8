"""What one version of the register changes against another. No personal column."""

from transforms.changes.changes import COMPARED, build_changes, carry_on, tell_changes, unexplained_count, view_version

__all__ = ["COMPARED", "build_changes", "carry_on", "tell_changes", "unexplained_count", "view_version"]
