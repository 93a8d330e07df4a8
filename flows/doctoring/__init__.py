"""Doctoring: what is wrong with a data root and the machine under it, what of it is mended, and the cure of the rest.

Belongs here: `capaian doctor`. Does not belong here: whether a version is what was published (`verifying/`); and no
Prefect, since a doctor answers at once and also where Prefect does not start.
"""

from flows.doctoring.doctor import examine
from flows.doctoring.told import Diagnosis, Finding

__all__ = ["Diagnosis", "Finding", "examine"]
