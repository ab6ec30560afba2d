"""The report: one HTML file that tells what a run is worth; it opens from disk and asks nothing of the outside."""

from albumnet.report.findings import EVALUATION_VERSION, Findings, parse_findings
from albumnet.report.mood_lines import Predicted
from albumnet.report.page import ReportSource, render_report

__all__ = ["EVALUATION_VERSION", "Findings", "Predicted", "ReportSource", "parse_findings", "render_report"]
