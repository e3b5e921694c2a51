"""What was seen, as sentences, as a document and on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sentiment_core.cli import main
from sentiment_core.explain.predictor import Predictor
from sentiment_core.inside.glass import Glass, look
from sentiment_core.inside.glass_document import document, table
from sentiment_core.inside.glass_words import sentences
from ui.kit.components.glass import Pane, _decades, _pane

TEXT = "word1 word2 <b>word3</b> word4"


@pytest.fixture
def seen(make_predictor: Callable[..., Predictor]) -> Glass:
    return look(make_predictor({"model.cell": "gru", "model.pooling": "attention_dot"}), TEXT, 2)


@pytest.mark.parametrize(
    ("gradient", "words", "absent"),
    [
        (
            [1e-6, 1, 1, 1, 0, 0],
            "dies on its way back: at the first word it has 1.0·10⁻⁶ of its length",
            "gets through",
        ),
        ([5e4, 1, 1, 1, 0, 0], "explodes on its way back: at the first word it is 5.0·10⁴ times as long", "dies"),
        ([0.05, 1, 1, 1, 0, 0], "The gradient arrives: at the first word it is 0.05 times", "dies"),
        ([0.5, 1, 1, 1, 0, 0], "The gradient arrives: at the first word it is 0.5 times", "dies"),
        ([0, 1, 1, 1, 0, 0], "never reaches the first word", "dies"),
        ([0, 0, 0, 0, 1e-9, 1], "No gradient gets through the padding", "on its way back"),
        ([1, 1, 1, 0.25, 1, 2], "to the last word has 0.12 of its length at the end", "No gradient"),
    ],
)
def test_what_is_said_of_the_gradient(seen: Glass, gradient: list[float], words: str, absent: str) -> None:
    said = " ".join(sentences(replace(seen, gradient=np.array(gradient))))
    assert words in said and absent not in said


def test_what_is_said_of_padding_and_saturation(seen: Glass) -> None:
    quiet = replace(seen, states=np.full_like(seen.states, 0.5), log_odds=np.array([0, 0, 0, 1.0, 0, 1.0]))
    assert "2 zero vectors behind the review change nothing: P(positive) stays 0.731." in sentences(quiet)
    assert "No unit is saturated at any word; the largest state is 0.50." in sentences(quiet)
    states = quiet.states.copy()
    states[0, :4] = 0.98
    loud = replace(quiet, states=states, log_odds=np.array([0, 0, 0, 1.0, 0, -1.0]))
    assert "2 zero vectors behind the review move P(positive) from 0.731 to 0.269, and the answer turns." in sentences(
        loud
    )
    assert "12.5% of the states are saturated." in sentences(loud)
    sure = replace(quiet, log_odds=np.array([0, 0, 0, 1.0, 0, 9.0]))
    assert any(said.endswith("from 0.731 to > 0.999.") for said in sentences(sure))
    assert _pane(Pane("sure", "", TEXT, sure), "state", _decades([sure]), "")["verdict"] == "positive, > 0.999"
    assert not any("zero vectors" in said for said in sentences(replace(quiet, padding=0)))
    (diverged,) = sentences(replace(quiet, gradient=np.full(6, np.nan)))
    assert "diverged" in diverged


def test_the_document_holds_everything_and_is_json(seen: Glass) -> None:
    found = json.loads(json.dumps(document(seen, TEXT), allow_nan=False))
    assert [row["word"] for row in found["steps"]] == ["word1", "word2", "word3", "word4", None, None]
    np.testing.assert_allclose(found["states"], seen.states, atol=1e-5)
    assert sorted(found["gates"]) == ["reset", "update"] and np.shape(found["gates"]["reset"]) == seen.states.shape
    assert sum(row["attention"] for row in found["steps"]) == pytest.approx(1)
    assert table(found).splitlines()[1].endswith("word1") and table(found).splitlines()[-1].endswith("(padding)")
    broken = replace(seen, log_odds=np.full(6, np.nan), loss=float("inf"))
    assert document(broken, TEXT)["loss"] is None and "None" not in table(document(broken, TEXT))


def test_a_network_that_diverged_says_so_everywhere(make_predictor: Callable[..., Predictor]) -> None:
    predictor = make_predictor({"model.cell": "lstm", "model.pooling": "attention_dot", "model.bidirectional": True})
    predictor.model.encoder.forward_layers[0].weight_hh_l0.fill_(np.nan)
    seen = look(predictor, TEXT, 2)
    assert len(sentences(seen)) == 1 and "diverged" in sentences(seen)[0]
    json.dumps(document(seen, TEXT), allow_nan=False)
    shown = _pane(Pane("drawn", "", TEXT, seen), "forget", _decades([seen]), "")
    json.dumps(shown, allow_nan=False)
    assert shown["verdict"] == "no answer: not a number" and not any(shown["probabilities"])


def test_the_command_line_looks_too(capsys: pytest.CaptureFixture[str], home: Any) -> None:
    asked = ["glass", "--text", "A lovely film, ruined by its end.", "--padding", "3", "--model", "glass-lstm"]
    assert main([*asked, "--step", "42", "--label", "negative", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["label"] == 0 and sorted(found["gates"]) == ["forget", "input", "output"]
    assert main(asked) == 0
    assert "3 zero vectors behind the review change nothing" in capsys.readouterr().out
    for wrong, message in (
        (["--step", "5"], "were not kept"),
        (["--model", "nobody"], "nobody"),
        (["--padding", "999"], "0 to 250"),
    ):
        assert main([*asked, *wrong]) == 2
        assert message in capsys.readouterr().err
