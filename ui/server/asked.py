"""What an address of the JSON route may ask: experiments, steps, and what a browser has already."""

from __future__ import annotations

import re
from typing import NamedTuple

LONGEST_AFTER = 4000
EXPERIMENT_ID = re.compile(r"[0-9a-f]{1,32}|recorded-[a-z0-9-]{1,60}")
RUN_STEP = re.compile(rf"((?:{EXPERIMENT_ID.pattern})-\d{{1,3}}):(\d{{1,9}})(?::(\d{{1,6}}))?")
STEP = re.compile(r"\d{1,9}")
# What is said of anything else.
WRITE_AFTER = "after: write RUN:STEP or RUN:STEP:EVALUATIONS, several separated by commas."
WRITE_STEP = "Write the number of a step."


class KnownSteps(NamedTuple):
    """What a browser has of a run already: all steps up to `step`, and the first `evaluations` of its evaluations."""

    step: int = 0
    evaluations: int = 0


def parse_after(text: str) -> dict[str, KnownSteps] | None:
    """Read `RUN:STEP,RUN:STEP:EVALUATIONS`; None when it is something else."""
    if not text:
        return {}
    parts = text.split(",") if len(text) <= LONGEST_AFTER else [""]
    matches = [RUN_STEP.fullmatch(part) for part in parts]
    return {m[1]: KnownSteps(int(m[2]), int(m[3] or 0)) for m in matches if m} if all(matches) else None
