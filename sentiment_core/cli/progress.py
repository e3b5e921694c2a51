"""Progress on standard error."""

from __future__ import annotations

import sys
from typing import Any


class ProgressLine:
    """Rewrites one line on standard error with each progress."""

    def __call__(self, progress: Any) -> None:
        if not progress.step:
            self.say(progress.message, progress.fraction)
        else:
            left = "" if progress.eta_seconds is None else f", {progress.eta_seconds:.0f} s left"
            self._show(
                f"step {progress.step}/{progress.total_steps}, epoch {progress.epoch}/{progress.epochs}, "
                f"{progress.tokens_per_second:,.0f} tokens/s{left}"
            )

    def say(self, message: str, fraction: float | None) -> None:
        """Show a message with the share of its work that is done."""
        self._show(f"{message}{'' if fraction is None else f' {fraction:.0%}'} …")

    def _show(self, line: str) -> None:
        print(
            f"\r\x1b[K{line}" if sys.stderr.isatty() else line, end="" if sys.stderr.isatty() else "\n", file=sys.stderr
        )
