"""The padding probe: a padded last state moves, everything else stays where it is."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sentiment_core import explain
from sentiment_core.cli import main
from sentiment_core.config import ExperimentConfig, RunConfig, from_fields
from sentiment_core.errors import DataError
from sentiment_core.explain.padding_probe import KINDS, kind_of, movement, padding_probe, probe_experiment
from sentiment_core.store import Store

TEXT = "word1 word2 unknown word3 word4"
AMOUNTS = (0, 1, 7, 60)


@pytest.mark.parametrize("pooling", ["last", "attention_dot", "attention_additive", "mean", "max"])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_padding_moves_no_correct_model(make_predictor, pooling, cell):
    predictor = make_predictor({"model.pooling": pooling, "model.cell": cell, "model.bidirectional": True})
    line = padding_probe(predictor, TEXT, AMOUNTS)
    np.testing.assert_allclose(line, predictor.predict([TEXT])[0], rtol=0, atol=1e-6)
    assert movement(line).is_flat


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_padding_moves_a_padded_last_state(make_predictor, cell):
    predictor = make_predictor({"model.pooling": "padded_last", "model.cell": cell})
    line = padding_probe(predictor, TEXT, AMOUNTS)
    assert line[0] == pytest.approx(predictor.predict([TEXT])[0], abs=1e-6)
    assert not movement(line).is_flat
    assert len(set(line.round(6))) == len(AMOUNTS)


def test_padding_is_what_a_longer_neighbour_in_the_batch_brings(make_predictor):
    predictor = make_predictor({"model.pooling": "padded_last"})
    short = predictor.read("word1 word2")[0].token_ids
    long = predictor.read("word3 " * 9)[0].token_ids
    batch = np.stack([np.concatenate([short, np.zeros(7, dtype=np.int64)]), long])
    logits = predictor.classify(batch, np.array([2, 9])).logits.double().numpy()
    expected = 1 / (1 + np.exp(-logits[0] / predictor.temperature))
    assert padding_probe(predictor, "word1 word2", [7])[0] == pytest.approx(expected, abs=1e-6)


def test_what_cannot_be_probed_is_said(make_predictor):
    predictor = make_predictor()
    for text, amounts, message in (
        ("  ", [0], "empty"),
        ("nothing known here", [0], "no word"),
        (TEXT, [-1], "no padding"),
    ):
        with pytest.raises(DataError, match=message):
            padding_probe(predictor, text, amounts)


def test_movement():
    moved = movement(np.array([0.6, 0.9, 0.2]))
    assert (moved.start, moved.end, moved.turned) == (0.6, 0.2, True)
    assert moved.span == pytest.approx(0.7)
    assert not movement(np.array([0.6, 0.7])).turned


def test_the_experiment_has_one_run_of_each_kind_and_differs_in_nothing_else():
    config = probe_experiment()
    resolved = [config.resolve(run) for run in config.runs]
    assert [kind_of(item) for item in resolved] == list(KINDS)
    assert config.data.batching == "random"
    same = {item.model_copy(update={"runs": (), "model": None}).model_dump_json() for item in resolved}
    assert len(same) == 1


def test_several_poolings_are_no_kind():
    assert kind_of(from_fields({"model.pooling": "last,attention_dot"})) is None
    assert kind_of(from_fields({"model.pooling": "mean"})) is None


def test_on_the_command_line(make_predictor, monkeypatch, capsys):
    runs = (
        RunConfig(name="padded", overrides={"model.pooling": ("padded_last",)}),
        RunConfig(name="last", overrides={"model.pooling": ("last",)}),
        RunConfig(name="larger", overrides={"model.hidden_size": 9}),
    )
    padded, last, larger = Store().create_experiment(ExperimentConfig(runs=runs)).runs
    poolings = {padded.id: "padded_last", last.id: "last", larger.id: "last"}
    monkeypatch.setattr(explain, "load_predictor", lambda name, _: make_predictor({"model.pooling": poolings[name]}))

    def ask(*arguments):
        capsys.readouterr()
        return main(["padding", "--text", TEXT, *arguments]), capsys.readouterr()

    code, output = ask("--model", f"{padded.id},{last.id}", "--amounts", "0, 7", "--json")
    found = json.loads(output.out)
    assert code == 0 and found["padding"] == [0, 7] and [run["name"] for run in found["runs"]] == ["padded", "last"]
    moves, stays = (run["probabilities"] for run in found["runs"])
    assert moves == padding_probe(make_predictor({"model.pooling": "padded_last"}), TEXT, [0, 7]).tolist()
    assert movement(np.array(stays)).is_flat
    code, output = ask("--model", last.id)
    assert code == 0 and output.out.splitlines()[0] == "P(positive) with 0, 1, 10, 100, 500 steps of padding"
    for arguments, said in (
        (("--model", f"{last.id},{larger.id}"), "(model.hidden_size)"),
        (("--model", last.id, "--amounts", "0,-1"), "--amounts: whole numbers from 0 to 500"),
        (("--model", "nobody"), "nobody"),
    ):
        code, output = ask(*arguments)
        assert code == 2 and said in output.err and output.err.count("\n") == 1
