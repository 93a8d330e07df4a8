"""The report: what people read and take away of a published version, as an offline page and as files."""

from warehouse.report.files import write_files
from warehouse.report.numbers import Language
from warehouse.report.page import write_report
from warehouse.report.released import NotReleasable
from warehouse.report.workbook import write_workbook

__all__ = ["Language", "NotReleasable", "write_files", "write_report", "write_workbook"]
