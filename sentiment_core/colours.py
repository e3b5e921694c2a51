"""One colour per run, everywhere: the baseline blue, the variant orange, then a colour-blind-safe set."""

from __future__ import annotations

RUN_COLOURS: tuple[str, ...] = (
    "#0877bd",
    "#f59322",
    "#009e73",
    "#cc79a7",
    "#7b5ea7",
    "#b3a000",
    "#56b4e9",
    "#d1495b",
    "#8a8f98",
    "#7a5c43",
)
