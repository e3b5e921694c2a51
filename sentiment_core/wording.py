"""How sentences count."""

from __future__ import annotations


def by_number(count: int, one: str, many: str) -> str:
    """Return the word that goes with so many: `has` or `have`."""
    return one if count == 1 else many


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return a number with what it counts: `1 review`, `2,000 reviews`. Without `many` the plural takes an s."""
    return f"{count:,} {by_number(count, one, many or f'{one}s')}"
