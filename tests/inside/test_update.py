"""One update line by line is the trainer's own, and says what each line changes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sentiment_core.batches import collate
from sentiment_core.inside.walks.update import LINES, ORDERS, Loop, walk_through
from sentiment_core.training.run import TrainingRun
from sentiment_core.training.sentiment import SentimentTask
from sentiment_core.training.stepper import Stepper


@pytest.fixture
def batches(make_corpus):
    corpus = make_corpus(64)
    return torch.from_numpy(corpus.matrix), [collate(corpus, rows) for rows in np.arange(64).reshape(4, 16)], corpus


@pytest.mark.parametrize("clipping", ["none", "norm", "value"])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_it_trains_as_the_trainer_does_bit_for_bit(batches, tiny, clipping, optimizer):
    matrix, made, corpus = batches
    config = tiny(
        {
            "training.clipping": clipping,
            "training.max_norm": 0.05,
            "training.clip_value": 0.01,
            "training.optimizer": optimizer,
        }
    )
    loop = Loop(config, matrix, made)
    seen = [loop.update(number) for number in (1, 2, 3)]
    task, device = SentimentTask(), torch.device("cpu")
    run = TrainingRun("run", config, task.models([config], [corpus], device)[0], device, total_steps=3)
    stepper = Stepper(task)
    for number in (1, 2, 3):
        stepper.update([run], {"run": made[number - 1]}, number, 1)
        run.add_seconds(0.0)
    for mine, trained in zip(loop.scope["model"].parameters(), run.model.parameters(), strict=True):
        assert torch.equal(mine, trained)
    measured = run.drain().steps
    assert [lines[-1].loss for lines in seen] == [step.loss for step in measured]
    assert [lines[-1].before_clipping for lines in seen] == [step.grad_norm for step in measured]


def test_each_line_changes_what_it_says(batches, tiny):
    matrix, made, _ = batches
    config = tiny({"training.clipping": "norm", "training.max_norm": 0.05})
    second = walk_through(config, matrix, made, 2)[1]
    after = {line.line.name: line for line in second}
    assert list(after) == [line.name for line in LINES]
    assert after["forward"].loss is None and after["loss"].loss is not None
    assert after["forward"].gradient == pytest.approx(0.05, rel=1e-4)  # what the update before left
    assert after["zero_grad"].gradient is None
    assert after["clip"].before_clipping == after["backward"].gradient > after["clip"].gradient
    assert after["clip"].gradient <= 0.05
    assert all(line.update == 0 and line.again is None for name, line in after.items() if name != "step")
    assert after["step"].update > 0 and after["step"].again < after["step"].loss
    assert all(one.moved > 0.9 for one in after["step"].parameters)
    assert after["step"].update == pytest.approx(sum(one.update**2 for one in after["step"].parameters) ** 0.5)


def test_wrong_orders_do_what_is_said_of_them(batches, tiny):
    matrix, made, _ = batches
    config = tiny({"training.clipping": "norm", "training.max_norm": 0.01, "training.optimizer": "sgd"})
    first = {order: walk_through(config, matrix, made, 1, order)[0] for order in ORDERS}
    rate = config.training.learning_rate
    assert first["right"][-1].update == pytest.approx(0.01 * rate, rel=1e-3)
    for order in ("clip_after_step", "clip_before_backward"):
        assert first[order][-1].update > 2 * first["right"][-1].update
    unclipped = tiny({"training.optimizer": "sgd", "training.learning_rate": 1e-6})
    kept, right = (walk_through(unclipped, matrix, made[:1], 3, order)[-1] for order in ("no_zero_grad", "right"))
    # Three times the same batch with weights that hardly move: the gradients add up.
    assert kept[-1].gradient == pytest.approx(3 * right[-1].gradient, rel=1e-2)
