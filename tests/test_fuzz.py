"""Broken and hostile inputs at every surface; `benchmarks.fuzz` tries a hundred thousand."""

from __future__ import annotations

from pathlib import Path

from benchmarks.fuzz import fuzz


def test_whatever_comes_in_is_taken_or_refused_with_a_sentence(home: Path) -> None:
    counts, faults = fuzz(home, inputs=1500, seed=1)
    assert counts.total() > 1400 and len(counts) >= 15
    assert faults == []
