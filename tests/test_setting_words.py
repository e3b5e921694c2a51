"""What settings are called: choices by their names, what somebody wrote as it stands."""

from __future__ import annotations

import pytest

from sentiment_core.setting_words import say


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("model.pooling", ("mean", "max"), "Mean + Max"),
        ("training.schedule", "one_cycle", "One cycle"),
        ("data.header", "detect", "Detect"),
        ("training.learning_rate", 1e-3, "0.001"),
        ("model.bidirectional", True, "on"),
        ("data.limit", None, "none"),
        # Columns and labels of a file: written otherwise they would be others.
        ("data.text_column", "REVIEW", "REVIEW"),
        ("data.label_column", "label", "label"),
        ("data.positive", ("good", "GREAT"), "good + GREAT"),
    ],
)
def test_choices_have_names_and_what_somebody_wrote_stays(field: str, value: object, said: str) -> None:
    assert say(field, value) == said
