"""How numbers are written in sentences: counts, shares, probabilities and changes, everywhere alike."""

from __future__ import annotations


def by_number(count: int, one: str, many: str) -> str:
    """Return the word that goes with so many: `has` or `have`."""
    return one if count == 1 else many


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return a number with what it counts: `1 review`, `2,000 reviews`. Without `many` the plural takes an s."""
    return f"{count:,} {by_number(count, one, many or f'{one}s')}"


def probability(value: float, digits: int = 3) -> str:
    """Return a probability (0..1): what rounds to 0 or 1 and is neither is `< 0.001` or `> 0.999`."""
    return _inside(value, f".{digits}f", 10**-digits)


def equals(value: float, digits: int = 3) -> str:
    """Return a probability behind its name: `= 0.123` or `< 0.001`."""
    said = probability(value, digits)
    return said if said[0] in "<>" else f"= {said}"


def percent(value: float | None, digits: int = 0) -> str:
    """Return a share (0..1) in percent, a dash for none; only all are 100% and only none 0%: else `> 99%`, `< 1%`."""
    return "–" if value is None else _inside(value, f".{digits}%", 10 ** -(digits + 2))


def signed(value: float, form: str = "+.3f") -> str:
    """Return a change with its sign; with a true minus, as a hyphen is one sign among others in a text."""
    return f"{value:{form}}".replace("-", "−")


def _inside(value: float, form: str, least: float) -> str:
    said = f"{value:{form}}"
    if value > 0 and said == f"{0:{form}}":
        return f"< {least:{form}}"
    if value < 1 and said == f"{1:{form}}":
        return f"> {1 - least:{form}}"
    return said
