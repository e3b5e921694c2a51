"""Progress on standard error."""

from __future__ import annotations

import sys
from typing import Any

from sentiment_core.work.pace import Pace, with_time


class ProgressLine:
    """Rewrites one line on standard error with each progress."""

    def __init__(self) -> None:
        self._pace = Pace()
        self._last = ""

    def __call__(self, progress: Any) -> None:
        if not progress.step:
            self.say(progress.message, progress.fraction)
        else:
            line = (
                f"step {progress.step}/{progress.total_steps}, epoch {progress.epoch}/{progress.epochs}, "
                f"{progress.tokens_per_second:,.0f} tokens/s"
            )
            self._show(with_time(line, progress.eta_seconds))

    def say(self, message: str, fraction: float | None) -> None:
        """Show a message with the share of its work that is done, and the time that the rest takes."""
        line = f"{message}{'' if fraction is None else f' {fraction:.0%}'} …"
        self._show(with_time(line, self._pace.left(fraction)))

    def _show(self, line: str) -> None:
        if line == self._last:
            return
        self._last = line
        print(
            f"\r\x1b[K{line}" if sys.stderr.isatty() else line, end="" if sys.stderr.isatty() else "\n", file=sys.stderr
        )
