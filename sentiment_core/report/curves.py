"""Curves as SVG: what the live plot shows, still. Every spike stays: curves are thinned to their extremes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 760, 230
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 10, 24
TICKS = 5


@dataclass(frozen=True)
class Line:
    """One run's curve: `x` steps and `y` values, which may be anything but finite; `points`: marked, not thinned."""

    label: str
    colour: str
    x: Sequence[float]
    y: Sequence[float]
    points: bool = False


def figure(title: str, lines: Sequence[Line], log: bool, most: int) -> str:
    """Return a figure as HTML; of each curve `most` points at most. Nothing where no line has a value to draw."""
    title += " (log axis)" if log else ""
    usable = [(line, list(_drawn(line, log))) for line in lines]
    values = [value for _, pairs in usable for _, value in pairs]
    if not values:
        return ""
    scale = _Scale.over(values, max(1.0, *(x for line in lines for x in line.x)), log)
    drawn = "".join(_curve(line, pairs, scale, most) for line, pairs in usable)
    lost = sum(len(line.x) - len(pairs) for line, pairs in usable)
    note = (
        f"<p class='note'>{lost:,} values are not finite or have no place on this axis: ✕ at the top.</p>"
        if lost
        else ""
    )
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>"
        f"<svg viewBox='0 0 {WIDTH} {HEIGHT}' role='img' aria-label='{escape(title, quote=True)}'>"
        f"{''.join(_grid(scale))}{drawn}</svg>{note}</figure>"
    )


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    last: float
    log: bool

    @classmethod
    def over(cls, values: Sequence[float], last: float, log: bool) -> _Scale:
        placed = [math.log10(value) for value in values] if log else values
        low, high = min(placed), max(placed)
        pad = 0.05 * (high - low) or 0.5
        return cls(low - pad, high + pad, last, log)

    def x(self, step: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * step / self.last

    def y(self, value: float) -> float:
        placed = math.log10(value) if self.log else value
        return TOP + (HEIGHT - TOP - BOTTOM) * (self.high - placed) / (self.high - self.low)


def _drawn(line: Line, log: bool) -> Iterator[tuple[float, float]]:
    for x, y in zip(line.x, line.y, strict=True):
        if math.isfinite(y) and (y > 0 or not log):
            yield x, y


def _curve(line: Line, pairs: Sequence[tuple[float, float]], scale: _Scale, most: int) -> str:
    label = f"<title>{escape(line.label)}</title>"
    known = {x for x, _ in pairs}
    gone = extremes([(x, 0.0) for x in line.x if x not in known], 40)
    crosses = "".join(f"<text x='{scale.x(x):.1f}' y='{TOP + 8}' fill='{line.colour}'>✕</text>" for x, _ in gone)
    if not line.points:
        return _polyline(line, _dots(extremes(pairs, most), scale), label) + crosses
    marks = "".join(f"<circle cx='{scale.x(x):.1f}' cy='{scale.y(y):.1f}' r='4'/>" for x, y in pairs)
    drawn = _polyline(line, _dots(pairs, scale), label)
    return f"<g fill='{line.colour}' stroke='none'>{label}{marks}</g>{drawn}{crosses}"


def _dots(pairs: Sequence[tuple[float, float]], scale: _Scale) -> str:
    return " ".join(f"{scale.x(x):.1f},{scale.y(y):.1f}" for x, y in pairs)


def _polyline(line: Line, dots: str, label: str) -> str:
    return f"<polyline points='{dots}' stroke='{line.colour}'>{label}</polyline>" if dots else ""


def extremes(pairs: Sequence[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """Return `pairs`, or of each stretch of them its lowest and highest, `most` in all."""
    if len(pairs) <= most:
        return list(pairs)
    size = math.ceil(2 * len(pairs) / most)
    kept: list[tuple[float, float]] = []
    for start in range(0, len(pairs), size):
        part = pairs[start : start + size]
        low, high = min(part, key=lambda pair: pair[1]), max(part, key=lambda pair: pair[1])
        kept += sorted({low, high})
    return kept


def _grid(scale: _Scale) -> Iterable[str]:
    for value in _ticks(scale):
        y = scale.y(value)
        yield f"<line class='grid' x1='{LEFT}' x2='{WIDTH - RIGHT}' y1='{y:.1f}' y2='{y:.1f}'/>"
        yield f"<text class='tick' x='{LEFT - 6}' y='{y + 4:.1f}' text-anchor='end'>{value:.3g}</text>"
    for step in _round_numbers(0, scale.last):
        written = f"{step:,.0f}" if step >= 1 or not step else f"{step:.1f}"
        yield f"<text class='tick' x='{scale.x(step):.1f}' y='{HEIGHT - 6}' text-anchor='middle'>{written}</text>"


def _ticks(scale: _Scale) -> list[float]:
    if not scale.log:
        return _round_numbers(scale.low, scale.high)
    decades = range(math.floor(scale.low), math.ceil(scale.high) + 1)
    found = [
        m * 10.0**decade for decade in decades for m in (1, 2, 5) if scale.low <= math.log10(m) + decade <= scale.high
    ]
    whole = [value for value in found if math.log10(value).is_integer()]
    return whole if len(whole) >= TICKS - 2 else found


def _round_numbers(low: float, high: float) -> list[float]:
    """Return about `TICKS` multiples of 1, 2 or 5 times a power of ten from `low` to `high`."""
    least = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(least))
    step = next(times * power for times in (1, 2, 5, 10) if times * power >= least)
    return [step * place for place in range(math.ceil(low / step), math.floor(high / step) + 1)]
