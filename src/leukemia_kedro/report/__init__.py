"""The report: tables, records and figures in, one HTML page out. It reads and writes no file."""

from leukemia_kedro.report.collect import collect_findings
from leukemia_kedro.report.findings import Findings
from leukemia_kedro.report.page import render_report

__all__ = ["Findings", "collect_findings", "render_report"]
