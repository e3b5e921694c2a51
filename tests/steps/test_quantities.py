"""The quantities of a step are declared once, and whoever shows them asks there."""

from __future__ import annotations

import math
import re
from dataclasses import fields
from pathlib import Path

import pytest

from sentiment_core.steps.quantities import (
    CORE,
    DIAGNOSTICS,
    LOSS,
    STEP_COLUMNS,
    Panel,
    Quantity,
    StepMetrics,
    declare,
    diagnostic,
    drawn,
    scalars,
)
from sentiment_core.store.schema import step_metrics

ASSETS = Path(__file__).resolve().parents[2] / "ui" / "assets"


@pytest.fixture
def declared():
    """`declared(name, panel=…)` declares a diagnostic for the length of a test."""
    names = []

    def make(name: str, **changes) -> Quantity:
        declare(name, Quantity("ratio", "", "measured", "Any ratio.", **changes))
        names.append(name)
        return DIAGNOSTICS[name]

    yield make
    for name in names:
        del DIAGNOSTICS[name]


def test_the_typed_record_is_the_declaration_and_the_store_has_a_column_each():
    assert tuple(field.name for field in fields(StepMetrics)) == STEP_COLUMNS
    assert [column.name for column in step_metrics.columns if column.name != "run_id"] == list(STEP_COLUMNS)
    assert {name for name, quantity in CORE.items() if quantity.whole} == {"step", "epoch", "tokens"}


def test_everything_is_explained_and_no_two_curves_share_a_tag():
    every = [*CORE.values(), *DIAGNOSTICS.values()]
    assert all(item.help.endswith(".") and item.title and item.name for item in every)
    tags = [item.tag for item in every if item.tag]
    assert len(tags) == len(set(tags))


@pytest.mark.parametrize("name", ["loss", "clipped", "two words", "", "9lives"])
def test_a_name_that_is_taken_or_none_is_refused(name):
    with pytest.raises(ValueError, match="quantity already"):
        declare(name, Quantity("any", "", "measured", "Any."))


def test_a_diagnostic_is_drawn_and_tagged_by_its_panel_and_an_array_is_not(declared):
    own = Panel("ratios", "Ratios")
    assert declared("ratio", panel=own).tag == "ratios/ratio"
    assert declared("ratios", panel=own, array=True).tag == ""
    assert declared("noted").tag == ""
    assert [item.name for item in drawn()][-1] == "ratio" and drawn()[0].panel is LOSS
    # What a later version measured is not known here.
    assert [item.name for item in scalars(["later", "ratios", "noted", "ratio"])] == ["ratio", "noted"]
    with pytest.raises(ValueError, match="declare it in"):
        diagnostic("later")


def test_scripts_in_the_browser_know_no_quantity_by_name():
    # Beside the loss, which the table of runs lists, steps and epochs.
    names = set(STEP_COLUMNS) - {"loss", "accuracy", "step", "epoch", "seconds", "tokens"}
    for path in ASSETS.glob("*.js"):
        assert not names & set(re.findall(r"\w+", path.read_text(encoding="utf-8"))), path.name


def test_an_axis_turns_logarithmic_where_one_curve_would_press_another_onto_its_bottom():
    panel = Panel("loss", "Loss", log_beyond=20)
    calm, wild = [0.7, 0.5, 0.4], [0.7, 11.0, math.inf]
    assert panel.is_log([calm, wild]) and not panel.is_log([calm, [9.0]])
    assert not panel.is_log([calm]) and not panel.is_log([wild]) and not panel.is_log([[], [math.nan, 0.0]])
    assert not Panel("share", "Share").is_log([calm, wild]) and Panel("norm", "Norm", log=True).is_log([])
