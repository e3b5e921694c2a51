"""An experiment as one HTML file: settings, curves, verdicts; it needs no network, no script and no other file."""

from sentiment_core.report.page import report

__all__ = ["report"]
