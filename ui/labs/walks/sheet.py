"""How the labs name cells of the exercise sheet."""

from __future__ import annotations


def cells(numbers: str) -> str:
    """Return `Cell 59` for one number, `Cells 29–35` for a range."""
    return f"{'Cells' if '–' in numbers else 'Cell'} {numbers}"
