"""Recorded twins with and without clipping, chosen by two sliders and drawn in the browser, or played beside a form."""

from __future__ import annotations

from dataclasses import dataclass

from sentiment_core.colours import RUN_COLOURS
from sentiment_core.findings.twin_grid import RATES, THRESHOLDS
from ui.kit.components.live_plot import declared
from ui.kit.components.loader import declare, picked
from ui.server.api import asset_url, twins_url

_component = declare("twins", "replay", "described", triggers=["moved", "train"])


@dataclass(frozen=True)
class Chosen:
    """Which twin was just chosen, by its rate and its threshold; `train`: to be trained here."""

    rate: float
    threshold: float
    train: bool


def twins(
    rate: float,
    threshold: float,
    *,
    controls: bool = True,
    playing: bool = False,
    narrow: bool = False,
    later: float = 0.0,
    height: int = 250,
    key: str = "twins",
) -> Chosen | None:
    """Show the twin of `rate` and `threshold`, of those recorded; return the one that was just chosen, if any.

    `controls` are the sliders and the button; `playing` draws the curves from the first update on, as when training.
    `narrow` puts all of it into one column. It is drawn `later`, in seconds, unless the page needs it no more by then.
    """
    told = declared()
    data = {
        "plotly": asset_url("plotly.min.js"),
        "grid": twins_url(),
        "place": [RATES.index(rate), THRESHOLDS.index(threshold)],
        "controls": controls,
        "playing": playing,
        "narrow": narrow,
        "later": later,
        "height": height,
        "colours": list(RUN_COLOURS[:2]),
        "names": {"loss": "loss", "norm": "grad_norm", "after": "grad_norm_clipped", "limit": "threshold"},
        "panels": told["panels"]["curves"],
        "quantities": told["quantities"],
    }
    result = _component(key=key, data=data)
    for name in ("train", "moved"):
        if (found := picked(result.get(name), [len(THRESHOLDS)] * len(RATES))) is not None:
            return Chosen(RATES[found[0]], THRESHOLDS[found[1]], train=name == "train")
    return None
