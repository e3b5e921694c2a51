"""The losses of many runs in one small figure: a cloud of curves, or the mean of each setting over its seeds.

What travels is thinned on the server and goes with the page: nothing is polled, however many runs there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sentiment_core.intervals import student
from sentiment_core.steps.quantities import LOSS
from ui.kit.components.live_plot import declared
from ui.kit.components.loader import declare
from ui.server.api import asset_url
from ui.server.experiment_json import strict_json

_component = declare("cloud", "described")
NAME = "loss"


@dataclass(frozen=True)
class Told:
    """A run in the cloud: `losses` at `steps`; runs with the same `group` are drawn as their mean with its interval."""

    id: str
    label: str
    colour: str
    steps: Sequence[int]
    losses: Sequence[float]
    group: str | None = None


def cloud(runs: Sequence[Told], *, height: int, key: str) -> None:
    """Draw runs on the same axes; drawn anew in place when there is more of them."""
    told = declared()
    rows = [
        {
            "id": run.id,
            "label": run.label,
            "colour": run.colour,
            "group": run.group,
            "rows": {"step": run.steps, NAME: run.losses},
        }
        for run in runs
    ]
    grouped = any(run.group for run in runs)
    data = {
        "plotly": asset_url("plotly.min.js"),
        "runs": strict_json(rows),
        "panel": asdict(LOSS),
        "quantities": {NAME: told["quantities"][NAME]},
        "quantiles": {count: student(count) for count in range(2, len(runs) + 1)} if grouped else {},
        "height": height,
    }
    _component(key=key, data=data)
