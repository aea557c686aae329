"""The run report: `ReportData` in, one self-contained HTML page out."""

from trivium.evaluation.report.data import ReportData
from trivium.evaluation.report.page import render

__all__ = ["ReportData", "render"]
