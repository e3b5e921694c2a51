"""Recorded twins with and without clipping, chosen by two sliders and drawn in the browser, or played beside a form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sentiment_core.colours import RUN_COLOURS
from sentiment_core.findings.twin_grid import RATES, THRESHOLDS
from ui.kit.components.live_plot import declared
from ui.kit.components.loader import declare, module_url
from ui.server.api import asset_url, twins_url

_component = declare("twins", "replay", "described")


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
        "module": module_url("twins"),
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
    result = _component(key=key, data=data, on_moved_change=_ignore, on_train_change=_ignore)
    for name in ("train", "moved"):
        if (found := _place(result.get(name))) is not None:
            return Chosen(*found, train=name == "train")
    return None


def _place(answer: Any) -> tuple[float, float] | None:
    """Check what the browser sent."""
    if not isinstance(answer, list) or len(answer) != 2 or any(type(place) is not int for place in answer):
        return None
    rate, threshold = answer
    if not (0 <= rate < len(RATES) and 0 <= threshold < len(THRESHOLDS)):
        return None
    return RATES[rate], THRESHOLDS[threshold]


def _ignore() -> None:
    """Streamlit reruns the page after a trigger; there is nothing else to do."""
