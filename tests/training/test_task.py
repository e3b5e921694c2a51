"""Another task through the same trainer, store, route, export and pages, with nothing of reviews."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from streamlit.testing.v1 import AppTest

from sentiment_core import cli
from sentiment_core.config import ExperimentConfig, build, choices, from_fields
from sentiment_core.errors import ConfigError, NotFoundError
from sentiment_core.explain.catalogue import available_models, model_folder
from sentiment_core.export import export
from sentiment_core.metrics import Status
from sentiment_core.store import Store
from sentiment_core.tasks import TASKS
from sentiment_core.training.callbacks import Callback
from sentiment_core.training.checkpoints import load_checkpoint, save_checkpoint
from sentiment_core.training.memory import check_before
from sentiment_core.training.trainer import Trainer
from sentiment_core.work.training import train_here
from ui.server.api import describe

FIELDS = {
    "task": "order",
    "device": "cpu",
    "model.hidden_size": 12,
    "training.batch_size": 16,
    "training.epochs": 12,
    "training.learning_rate": 0.02,
    "training.clipping": "norm",
    "training.max_norm": 0.5,
}


@pytest.fixture(autouse=True)
def order(monkeypatch: pytest.MonkeyPatch) -> Any:
    module = import_module("tests.training.order_task")
    monkeypatch.setitem(sys.modules, "order_task", module)
    monkeypatch.setitem(TASKS, "order", module.ORDER)
    return module


def test_it_is_trained_stored_shown_and_exported_like_the_first(home: Path, order: Any) -> None:
    with Store() as store:
        experiment = train_here(store, from_fields(FIELDS), lambda progress: None)
        assert experiment.status is Status.FINISHED, experiment.error
        (run,) = experiment.runs
        assert run.parameters == sum(value.numel() for value in order.OrderModel(12, torch.Generator()).parameters())
        assert run.test_accuracy is not None and run.test_accuracy > 0.5
        told = describe(store, experiment, {})
        assert told["guessing"] == math.log(4) and told["references"] == [{"label": "chance", "value": 0.25}]
        assert told["titles"] == {"loss": "Cross-entropy of the order", "accuracy": "Orders named"}
        rows = store.step_rows(run.id)
        assert rows[0]["loss"] == pytest.approx(math.log(4), rel=0.2) and rows[-1]["loss"] < 0.7
        assert export(store, [run.id], "csv").decode().count("\n") == len(rows) + 1
        assert json.loads(export(store, [run.id], "json"))["runs"][0]["config"]["task"] == "order"

        folder = home / "experiments" / experiment.id / run.id
        model = order.OrderModel(12, torch.Generator()).eval()
        model.load_state_dict(safetensors.torch.load_file(folder / "order.safetensors"))
        kept = np.load(folder / "order.npz")
        (data,) = order.OrderTask().prepare(experiment.config, torch.device("cpu"), home, lambda *told: None)
        with torch.no_grad():
            answers = model(torch.from_numpy(data.symbols[kept["examples"]])).numpy()
        np.testing.assert_allclose(answers, kept["answers"], atol=1e-6)
        right = answers.argmax(axis=1) == data.labels[kept["examples"]]
        assert right.mean() == pytest.approx(run.test_accuracy)

        # Its model reads no reviews, so that nobody can ask it about one.
        assert run.id not in [model.id for model in available_models(store)]
        with pytest.raises(NotFoundError, match="another task \\(Temporal order\\)"):
            model_folder(run.id, store)


class SaveAt(Callback):
    def __init__(self, step: int, path: Path) -> None:
        self.step, self.path = step, path

    def on_step(self, trainer: Trainer) -> None:
        if trainer.step == self.step:
            save_checkpoint(self.path, trainer.state_dict())
            trainer.should_stop = True


def test_resumed_from_a_checkpoint_it_ends_at_the_same_bits(train: Any, order: Any, tmp_path: Path) -> None:
    config = from_fields({**FIELDS, "training.epochs": 3})
    data = order.OrderTask().prepare(config, torch.device("cpu"), tmp_path, lambda *told: None)
    whole = train(config, corpora=data)
    begun = train(config, SaveAt(10, tmp_path / "state.pt"), corpora=data)
    rest = train(config, corpora=data, state=load_checkpoint(tmp_path / "state.pt"))
    assert begun.steps["run"] + rest.steps["run"] == whole.steps["run"] and len(begun.steps["run"]) == 10
    assert begun.evaluations["run"] + rest.evaluations["run"] == whole.evaluations["run"]
    for name, value in whole.weights("run").items():
        assert torch.equal(value, rest.weights("run")[name])


def test_the_command_line_and_the_form_offer_it(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    settings = [f"--set={name}={value}" for name, value in {**FIELDS, "training.epochs": 1}.items()]
    assert cli.main(["train", *settings, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["status"] == "finished"
    page = AppTest.from_file(str(Path(__file__).parents[2] / "ui/shell.py"), default_timeout=60)
    page.query_params["task"] = "order"
    page.switch_page(str(Path(__file__).parents[2] / "pages/train.py"))
    page.run()
    assert not page.exception
    (task,) = [item for item in page.selectbox if item.label == "Task"]
    assert task.value == "order" and task.options == [info.label for info in TASKS.values()]


def test_what_sentiment_training_takes_of_memory_says_nothing_about_it() -> None:
    huge = {"model.hidden_size": 1024, "training.batch_size": 4096, "data.max_tokens": 10_000, "model.num_layers": 4}
    with pytest.raises(Exception, match="memory"):
        check_before(from_fields(huge))
    assert check_before(from_fields({**huge, "task": "order"})) is None


def test_a_configuration_from_before_there_were_tasks_is_about_sentiment(tiny: Callable[..., ExperimentConfig]) -> None:
    tree = tiny().model_dump(mode="json")
    del tree["task"]
    assert build(ExperimentConfig, tree) == tiny() and tiny().task == "sentiment"


def test_a_task_that_is_not_there_is_named_with_those_that_are(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choices("task")[0] == "sentiment" and choices("task")[-1] == "order"
    monkeypatch.delitem(TASKS, "order")
    with pytest.raises(ConfigError, match=rf"task: allowed: {', '.join(TASKS)} \(got 'order'\)"):
        from_fields({"task": "order"})
