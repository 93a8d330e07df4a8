"""The report: one offline HTML page about the published version."""

from warehouse.report.page import write_report

__all__ = ["write_report"]
