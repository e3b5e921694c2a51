"""Another task through the same trainer, store, route, export and pages, with nothing of reviews."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sentiment_core import cli
from sentiment_core.config import ExperimentConfig, build, choices, from_fields, from_query, to_query
from sentiment_core.errors import ConfigError, NotFoundError
from sentiment_core.explain.catalogue import available_models, model_folder
from sentiment_core.export import export
from sentiment_core.metrics import Status
from sentiment_core.snapshots import snapshot_folder
from sentiment_core.store import Store, rows_of
from sentiment_core.symbols import DRAW, EVALUATED, draw_sequences
from sentiment_core.tasks import TASKS
from sentiment_core.training.checkpoints import load_checkpoint, load_model
from sentiment_core.training.memory import check_before
from sentiment_core.training.temporal_order import TemporalOrderTask
from sentiment_core.work.training import train_here
from tests.app_page import open_app
from tests.training.saving import SaveAt
from ui.server.experiment_json import describe

FIELDS = {
    "task": "temporal-order",
    "device": "cpu",
    "data.sequence_length": 10,
    "data.sequences": 200,
    "model.hidden_size": 12,
    "model.pooling": "last",
    "training.batch_size": 10,
    "training.epochs": 12,
    "training.learning_rate": 0.02,
    "training.clipping": "norm",
    "training.max_norm": 0.5,
}


def data_of(config: ExperimentConfig) -> list[Any]:
    return TemporalOrderTask().prepare(config, torch.device("cpu"), Path(), lambda *told: None)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EVALUATED, "validation", 100)
    monkeypatch.setitem(EVALUATED, "test", 100)


def test_drawn_sequences_take_a_byte_a_symbol_and_are_read_as_ids() -> None:
    (data,) = data_of(from_fields(FIELDS))
    draw_sequences.cache_clear()
    for epoch in range(5):
        symbols, orders = data.read((epoch + 1) * DRAW + np.arange(7))
        assert symbols.dtype == np.int64 and symbols.shape == (7, 10) and len(orders) == 7
    # What is kept of them is an epoch, and both evaluated draws.
    assert draw_sequences.cache_info().currsize <= 1 + len(EVALUATED)
    assert draw_sequences(10, 200, (data.seed, 2))[0].nbytes == 10 * 200


def test_it_is_trained_stored_shown_and_exported_like_the_first(home: Path) -> None:
    with Store() as store:
        experiment = train_here(store, from_fields({**FIELDS, "training.target_accuracy": 0.9}), lambda progress: None)
        assert experiment.status is Status.FINISHED, experiment.error
        (run,) = experiment.runs
        assert run.parameters == 12 * (6 + 12 + 2) + 4 * 12 + 4
        assert run.test_accuracy is not None and run.test_accuracy > 0.8
        told = describe(store, experiment, {})
        assert told["guessing"] == math.log(4) and told["references"] == [{"label": "chance", "value": 0.25}]
        assert told["titles"] == {"loss": "Loss (4 orders)", "accuracy": "Orders right"}
        rows = rows_of(store, run.id)
        assert rows[0]["loss"] == pytest.approx(math.log(4), rel=0.2) and rows[-1]["loss"] < 0.7
        # It was good enough before its last epoch, and ended.
        assert rows[-1]["epoch"] < 12
        assert [item.accuracy >= 0.9 for item in store.evaluations(run.id) if item.part == "validation"].index(
            True
        ) == (rows[-1]["epoch"] - 1)
        assert export(store, [run.id], "csv").decode().count("\n") == len(rows) + 1
        assert json.loads(export(store, [run.id], "json"))["runs"][0]["config"]["task"] == "temporal-order"

        saved = load_model(home / "experiments" / experiment.id / run.id)
        (data,) = data_of(experiment.config)
        (model,) = TemporalOrderTask().models([saved.config], [data], torch.device("cpu"))
        model.load_state_dict(saved.tensors)
        (examples, *_rest) = TemporalOrderTask().plan_evaluation(data, "test")
        batch = TemporalOrderTask().batch(data, examples)
        with torch.no_grad():
            right = TemporalOrderTask().right(model.eval()(batch.token_ids, batch.lengths).logits, batch)
        assert float(right.mean()) == pytest.approx(run.test_accuracy, abs=0.05)

        # Its weights on the way are what it saves of itself.
        first = load_model(snapshot_folder(run, 0)).tensors
        assert not torch.equal(first["head.0.weight"], saved.tensors["head.0.weight"])

        # Its model reads no reviews, so that nobody can ask it about one.
        assert run.id not in [model.id for model in available_models(store)]
        with pytest.raises(NotFoundError, match="another task \\(Temporal order of two symbols\\)"):
            model_folder(run.id, store)


@pytest.mark.parametrize("length", [10, 13, 20, 200])
def test_two_symbols_stand_where_the_paper_puts_them(length: int) -> None:
    task, config = (
        TemporalOrderTask(),
        from_fields({**FIELDS, "data.sequence_length": length, "training.batch_size": 200}),
    )
    (data,) = data_of(config)
    epochs = [task.batch(data, task.plan_epoch(config, data, task.members([data]), epoch)[0]) for epoch in (1, 2)]
    batch = epochs[0]
    symbols, orders = batch.token_ids.numpy(), batch.labels.numpy()
    assert symbols.shape == (200, length) and set(np.unique(symbols)) == {1, 2, 3, 4, 5, 6}
    assert batch.tokens == 200 * length and (batch.lengths == length).all()
    rows, places = np.nonzero(symbols <= 2)
    first, second = places[::2], places[1::2]
    assert (rows[::2] == rows[1::2]).all() and len(places) == 400
    assert first.min() >= length // 10 and first.max() < length / 5
    assert second.min() >= length // 2 and second.max() < 3 * length / 5
    named = 2 * (symbols[rows[::2], first] - 1) + symbols[rows[::2], second] - 1
    assert (named == orders).all() and set(orders) == {0, 1, 2, 3}
    # Each epoch is drawn anew, and each time to the same sequences.
    assert not torch.equal(batch.token_ids, epochs[1].token_ids)
    again = task.batch(data, task.plan_epoch(config, data, task.members([data]), 1)[0])
    assert torch.equal(batch.token_ids, again.token_ids)
    checked = task.batch(data, task.plan_evaluation(data, "validation")[0])
    assert not torch.equal(batch.token_ids, checked.token_ids[:200])


def test_an_answer_that_is_no_number_is_not_right() -> None:
    task = TemporalOrderTask()
    (data,) = data_of(from_fields(FIELDS))
    batch = task.batch(data, task.plan_evaluation(data, "test")[0][:2])
    answers = torch.nn.functional.one_hot(batch.labels, 4).float()
    assert task.right(answers, batch).tolist() == [1, 1]
    answers[1, 0] = math.nan
    assert task.right(answers, batch).isnan().tolist() == [False, True]


def test_resumed_from_a_checkpoint_it_ends_at_the_same_bits(train: Any, tmp_path: Path, drawn: None) -> None:
    config = from_fields({**FIELDS, "training.epochs": 2, "model.state_dropout": 0.1})
    data = data_of(config)
    whole = train(config, corpora=data)
    begun = train(config, SaveAt(25, tmp_path / "state.pt"), corpora=data)
    rest = train(config, corpora=data, state=load_checkpoint(tmp_path / "state.pt"))
    assert begun.steps["run"] + rest.steps["run"] == whole.steps["run"] and len(begun.steps["run"]) == 25
    assert begun.evaluations["run"] + rest.evaluations["run"] == whole.evaluations["run"]
    for name, value in whole.weights("run").items():
        assert torch.equal(value, rest.weights("run")[name])


def test_the_command_line_and_the_form_offer_it(capsys: pytest.CaptureFixture[str], home: Path, drawn: None) -> None:
    settings = [f"--set={name}={value}" for name, value in {**FIELDS, "training.epochs": 1}.items()]
    assert cli.main(["train", *settings, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["status"] == "finished"


def test_the_form_shows_what_matters_to_a_task_and_trains_with_that_alone() -> None:
    page = open_app("train", task="temporal-order", **{"data.source": "imdb"})
    assert not page.exception

    def labels() -> set[str]:
        return {item.label for item in (*page.selectbox, *page.number_input, *page.text_input, *page.multiselect)}

    (task,) = [item for item in page.selectbox if item.label == "Task"]
    assert task.value == "temporal-order"
    assert {"Sequence length", "Sequences", "Cell", "Seeds", "Target accuracy"} <= labels()
    assert not {"Reviews", "Word vectors", "Tokenizer", "Review limit"} & labels()
    assert "Word vectors" not in str([item.options for item in page.selectbox if item.label == "Compare with"])
    query = {name: values[0] if isinstance(values, list) else values for name, values in page.query_params.items()}
    assert from_query(query).data == from_fields({"task": "temporal-order"}).data
    # What was set for reviews is still there when they are the task again.
    task.set_value("sentiment").run()
    assert "Sequence length" not in labels()
    (source,) = [item for item in page.selectbox if item.label == "Reviews"]
    assert source.value == "imdb"


def test_fields_say_which_tasks_they_are_for(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["fields", "--json"])
    tasks = {row["field"]: row["tasks"] for row in json.loads(capsys.readouterr().out)}
    assert tasks["data.sequence_length"] == ["temporal-order"]
    assert "temporal-order" not in tasks["data.tokenizer"] and "sentiment" in tasks["data.tokenizer"]
    assert tasks["training.learning_rate"] == list(TASKS)
    assert tasks["training.mask_share"] == ["masked-words"] and "masked-words" not in tasks["model.cell"]


def test_a_length_out_of_range_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"data.sequence_length: allowed: a whole number ≥ 10 and ≤ 500 \(got '9'\)"):
        from_fields({"data.sequence_length": "9"})


def test_its_settings_travel_in_a_link() -> None:
    config = from_fields({**FIELDS, "training.target_accuracy": "0.99"})
    assert from_query(to_query(config)) == config


def test_what_sentiment_training_takes_of_memory_says_nothing_about_it() -> None:
    huge = {"model.hidden_size": 1024, "training.batch_size": 4096, "data.max_tokens": 10_000, "model.num_layers": 4}
    with pytest.raises(Exception, match="memory"):
        check_before(from_fields(huge))
    assert check_before(from_fields({**huge, "task": "temporal-order"})) is None


def test_a_configuration_from_before_there_were_tasks_is_about_sentiment(tiny: Callable[..., ExperimentConfig]) -> None:
    tree = tiny().model_dump(mode="json")
    del tree["task"]
    assert build(ExperimentConfig, tree) == tiny() and tiny().task == "sentiment"


def test_a_task_that_is_not_there_is_named_with_those_that_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TASKS, "another", TASKS["sentiment"])
    assert choices("task")[-1] == "another" and from_fields({"task": "another"}).task == "another"
    monkeypatch.delitem(TASKS, "another")
    with pytest.raises(ConfigError, match=r"task: allowed: .*temporal-order.* \(got 'another'\)"):
        from_fields({"task": "another"})
