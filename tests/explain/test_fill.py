"""A masked language model asked about texts: gaps, next sentences, attention, kept steps, and the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sentiment_core import cli
from sentiment_core.artifacts import WORD_PIECES, run_place
from sentiment_core.config import from_fields
from sentiment_core.errors import CheckpointError, DataError, NotFoundError
from sentiment_core.explain.catalogue import pair_models
from sentiment_core.explain.fill import PairReader, load_pair_reader
from sentiment_core.store import Store
from sentiment_core.store.records import Run
from sentiment_core.work.training import train_here

FIELDS = {
    "task": "masked-words",
    "device": "cpu",
    "data.limit": 60,
    "data.vocabulary_size": 500,
    "data.pair_tokens": 24,
    "model.hidden_size": 16,
    "model.heads": 2,
    "model.num_layers": 2,
    "model.feed_forward_size": 16,
    "training.max_steps": 2,
    "snapshots": 2,
}


@pytest.fixture
def run(store: Store) -> Run:
    return train_here(store, from_fields(FIELDS), lambda progress: None).runs[0]


@pytest.fixture
def reader(run: Run, store: Store) -> PairReader:
    return load_pair_reader(run.id, store)


def test_a_gap_has_five_guesses_wherever_it_is_written_or_clicked(reader: PairReader) -> None:
    text = "The film was [MASK]!"
    reading = reader.read(text)
    assert reading.tokens[0].text == "[CLS]" and reading.tokens[-1].text == "[SEP]" and reading.follows is None
    (place,) = [place for place, token in enumerate(reading.tokens) if token.masked]
    assert text[reading.tokens[place].start : reading.tokens[place].end] == "[MASK]"
    guesses = reading.tokens[place].guesses
    shares = [guess.probability for guess in guesses]
    assert len(guesses) == 5 and shares == sorted(shares, reverse=True) and 0 < sum(shares) < 1
    assert not {guess.text for guess in guesses} & {"[PAD]", "[MASK]", "[CLS]", "[SEP]", "[UNK]"}
    clicked = reader.read("The film was good!", gaps=[place])
    written = [token for token in clicked.tokens if token.masked]
    assert written[0].text != "[MASK]" and [guess.text for guess in written[0].guesses] == [g.text for g in guesses]
    # [CLS] and [SEP] cannot be asked for.
    assert not any(token.masked for token in reader.read("The film was good!", gaps=[0, 99]).tokens)


def test_two_texts_are_two_segments_and_attention_is_over_all_tokens(reader: PairReader) -> None:
    reading = reader.read("The film was good.", "I liked it.")
    assert reading.follows is not None and 0 < reading.follows < 1
    assert [token.text for token in reading.tokens].count("[SEP]") == 2
    segments = [token.segment for token in reading.tokens]
    assert segments == sorted(segments) and set(segments) == {0, 1}
    size = len(reading.tokens)
    assert reading.attention.shape == (2, 2, size, size)
    np.testing.assert_allclose(reading.attention.sum(-1), 1, rtol=1e-5)


def test_what_is_too_long_is_left_out_and_said(reader: PairReader) -> None:
    alone = reader.read("film " * 40)
    assert len(alone.tokens) == 24 and alone.left_out >= 18
    both = reader.read("film " * 40, "plot " * 40)
    assert len(both.tokens) == 24 and [token.segment for token in both.tokens].count(1) == 12
    short = reader.read("film", "plot " * 40)
    assert len(short.tokens) == 24
    for text in (" ", "a" * 20_001):
        with pytest.raises(DataError):
            reader.read(text)


def test_kept_steps_are_asked_like_the_end(run: Run, store: Store, reader: PairReader) -> None:
    before = load_pair_reader(run.id, store, 0)
    asked = "The [MASK] was good."
    assert before.read(asked).tokens[2].guesses != reader.read(asked).tokens[2].guesses
    with pytest.raises(NotFoundError, match="kept are 0"):
        load_pair_reader(run.id, store, 7)
    assert [one.id for one in pair_models(store)] == [run.id]


def test_a_model_of_another_task_or_without_its_pieces_says_so(run: Run, store: Store) -> None:
    other = store.create_experiment(from_fields({"data.limit": 40}))
    with pytest.raises(NotFoundError, match="another task"):
        load_pair_reader(other.runs[0].id, store)
    waiting = store.create_experiment(from_fields(FIELDS))
    with pytest.raises(NotFoundError, match="no saved model yet"):
        load_pair_reader(waiting.runs[0].id, store)
    path = run_place(run.experiment_id, run.id) / WORD_PIECES
    path.write_text("nonsense")
    with pytest.raises(CheckpointError, match="damaged"):
        load_pair_reader(run.id, store)


def test_the_command_line_fills_gaps(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["fill", "--model", run.id, "--text", "The [MASK] was [MASK].", "--second", "I slept."]
    assert cli.main([*asked, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [len(gap["guesses"]) for gap in document["gaps"]] == [5, 5] and document["left_out"] == 0
    assert document["tokens"][document["gaps"][0]["token"]] == "[MASK]" and 0 < document["follows"] < 1
    assert cli.main([*asked, "--step", "0"]) == 0
    assert "P(the second follows)" in capsys.readouterr().out
    assert cli.main(["fill", "--model", run.id, "--text", "nothing to fill"]) == 2
    assert "write [MASK]" in capsys.readouterr().err
