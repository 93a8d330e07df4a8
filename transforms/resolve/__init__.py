"""Resolve: which registrations are one business, and which businesses have one owner.

The way of a pair: `blocking.py` says whether it is looked at, `comparisons.py` how, `weights.csv` what that weighs,
`link.py` whether it is enough, `clusters.py` what hangs together, `identify.py` under which lasting id, and the `.sql`
files what the business then is. Owner evidence and business evidence are summed apart, with a threshold each: a shared
NIK or NIB means one owner, never by itself one business.
"""

from transforms.resolve.resolve import resolve

__all__ = ["resolve"]
