"""Statistical disclosure control: which cells of a table that leaves the ministry must be hidden.

Belongs here: the decision, made from exact figures and from what was released before. Does not belong here: the marts,
which stay exact, or how a hidden cell is written.
"""

from transforms.disclosure.release import build_released
from transforms.disclosure.sales import keep_contributions

__all__ = ["build_released", "keep_contributions"]
