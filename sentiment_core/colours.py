"""One colour, one meaning, on every page, in every figure and export: runs, sentiment, attention, signs, order.

Positive and negative keep their hue whichever class is explained. No hue of a run is one of theirs. All can be told
apart without seeing red or green; signs, dashes and names say the same beside them.
"""

from __future__ import annotations

from dataclasses import dataclass

from sentiment_core.config import ExperimentConfig

RUN_COLOURS: tuple[str, ...] = (
    "#0877bd",
    "#f59322",
    "#d1495b",
    "#b3a000",
    "#cc79a7",
    "#56b4e9",
    "#8d6346",
    "#8a8f98",
    "#5c6bc0",
    "#c9b27c",
)
"""A run's colour by its position: the baseline blue, the variant orange."""

ORDERED: tuple[str, ...] = ("#56b4e9", "#0877bd", "#7b5ea7", "#cc79a7", "#d1495b")
"""Low to high, for settings that have an order."""

LEAST_ORDERED = 3
NEUTRAL = "#8a8f98"


@dataclass(frozen=True)
class Hue:
    """A meaning's colour: `line` on both themes' grounds; `pale` and `deep` behind words, in light and in dark.

    The themes' words keep a contrast of 4.5 on the last two, however much of the background is mixed in.
    """

    line: str
    pale: str
    deep: str


POSITIVE = Hue("#2f8f46", "#5cc271", "#1f7a37")
NEGATIVE = Hue("#9b4dca", "#cb93ea", "#8a3fb8")
ATTENTION = Hue("#0f8b94", "#4fc0c8", "#0b757d")
GRADIENT = Hue("#c2477f", "#e58fb5", "#9c2f63")
# The sign of a number inside a network, which says nothing about sentiment.
ABOVE_ZERO = Hue("#b0691c", "#dda25b", "#8f5310")
BELOW_ZERO = Hue("#4d78ad", "#8fb4dd", "#3a6294")
MEANINGS = {
    "positive": POSITIVE,
    "negative": NEGATIVE,
    "attention": ATTENTION,
    "gradient": GRADIENT,
    "above": ABOVE_ZERO,
    "below": BELOW_ZERO,
}
SIGNED = [[0.0, BELOW_ZERO.line], [0.5, "rgba(138,143,152,0.1)"], [1.0, ABOVE_ZERO.line]]
"""A Plotly colour scale for numbers around 0; nearly transparent there, so that both themes show their own ground."""


def ordered(count: int) -> list[str]:
    """Return `count` colours from low to high; a single one is the lowest."""
    steps = len(ORDERED) - 1
    places = [steps * place / max(1, count - 1) for place in range(count)]
    return [_between(ORDERED[int(at)], ORDERED[min(int(at) + 1, steps)], at % 1) for at in places]


def colours_of(config: ExperimentConfig) -> list[str]:
    """Return a colour for each run of an experiment: from low to high where runs differ in one number alone."""
    overrides = [run.overrides for run in config.runs]
    varied = {name for own in overrides for name in own}
    values = [value for own in overrides for value in own.values() if isinstance(value, (int, float))]
    if len(overrides) < LEAST_ORDERED or len(varied) > 1 or len(values) < len(overrides) or values[0] in (True, False):
        return [RUN_COLOURS[place % len(RUN_COLOURS)] for place in range(len(overrides))]
    ranks = {value: rank for rank, value in enumerate(sorted(set(values)))}
    scale = ordered(len(ranks))
    return [scale[ranks[value]] for value in values]


def style() -> str:
    """Return the colours as CSS variables: `--lab-NAME` of a line, `--lab-NAME-ground` behind words, by theme."""
    lines = [
        f"--lab-{name}: {hue.line}; --lab-{name}-pale: {hue.pale}; "
        f"--lab-{name}-ground: light-dark({hue.pale}, {hue.deep});"
        for name, hue in MEANINGS.items()
    ]
    return ":root { " + " ".join(lines) + " }"


def _between(low: str, high: str, share: float) -> str:
    pairs = zip(bytes.fromhex(low[1:]), bytes.fromhex(high[1:]), strict=True)
    return "#" + bytes(round(one + share * (other - one)) for one, other in pairs).hex()
