"""The report: tables, records and figures in, one HTML page out. It reads and writes no file."""

from leukemia_kedro.report.page import render_report

__all__ = ["render_report"]
