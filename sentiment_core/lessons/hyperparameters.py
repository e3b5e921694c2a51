"""The hyperparameters of the whole sheet: which there are, what it chose, and where each is turned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sentiment_core.config import field_info
from sentiment_core.lessons.places import Place, lab, lesson, train


@dataclass(frozen=True)
class Hyperparameter:
    """A setting that nobody learns: its dotted `field`, what the sheet chose, what it decides, where to turn it."""

    field: str
    sheet: str
    decides: str
    place: Place

    @property
    def title(self) -> str:
        """What forms call it."""
        return str(field_info(self.field).title)

    @property
    def default(self) -> Any:
        """What the configuration has where nobody says otherwise."""
        return field_info(self.field).get_default(call_default_factory=True)


HYPERPARAMETERS: tuple[Hyperparameter, ...] = (
    Hyperparameter(
        "training.learning_rate",
        "1e-3; tried 1e-1, 1e-2, 1e-4",
        "How far an update goes: too far and it blows up, too short and the budget ends first.",
        lab("learning-rates", "Learning-rate sweep", "Learning-rate sweep"),
    ),
    Hyperparameter(
        "training.batch_size",
        "128",
        "How many reviews an update sees: more give a steadier gradient and fewer updates.",
        train("Train", "Batch size"),
    ),
    Hyperparameter(
        "training.epochs",
        "2; 10 with attention",
        "How often it sees everything: too often, and it remembers instead of learning.",
        train("Train", "Epochs"),
    ),
    Hyperparameter(
        "training.optimizer",
        "Adam",
        "How a gradient becomes an update.",
        lab("loop", "The loop, line by line", "The loop, line by line"),
    ),
    Hyperparameter(
        "training.clipping",
        "by norm, from rung 4 on",
        "Whether a long gradient is cut, and how.",
        lab("clipping", "Clipping in depth", "Clipping in depth"),
    ),
    Hyperparameter(
        "training.max_norm",
        "1.0",
        "How long is too long. Below the usual length it cuts nearly every step.",
        lab("clipping-geometry", "Clipping geometry", "Clipping geometry"),
    ),
    Hyperparameter(
        "model.hidden_size",
        "128",
        "How much the state can hold, and how many parameters there are.",
        train("Train", "Hidden size"),
    ),
    Hyperparameter("model.cell", "tanh RNN", "How a state is made from the one before.", train("Train", "Cell")),
    Hyperparameter(
        "model.pooling",
        "last state; dot-product attention",
        "What the head reads of all the states.",
        lesson("attention", "Rung 10", "10 · Attention"),
    ),
    Hyperparameter(
        "model.initialisation",
        "PyTorch's; Xavier from rung 5 on",
        "How large weights are before the first update.",
        lab("initialisation", "Initialisation bench", "Initialisation bench"),
    ),
    Hyperparameter(
        "model.input_norm",
        "batch in rungs 6 to 9, layer with attention",
        "Whether what comes in is brought to the same scale.",
        lab("batch-norm", "Batch norm", "Batch norm, training and testing"),
    ),
    Hyperparameter(
        "model.head_sizes",
        "64 and one output in rung 1 and from rung 8 on",
        "How deep the head is that answers.",
        lesson("deep-head", "Rung 8", "8 · Deeper head"),
    ),
    Hyperparameter(
        "model.head_activation",
        "none; ReLU from rung 7 on",
        "Which non-linearity stands before each layer of the head.",
        lesson("relu", "Rung 7", "7 · ReLU before the head"),
    ),
    Hyperparameter(
        "data.embeddings",
        "GloVe, 100 components, frozen",
        "What a word is before the network sees it.",
        train("Train", "Word vectors"),
    ),
    Hyperparameter(
        "data.max_tokens",
        "none: whole reviews",
        "How much of a long review is read.",
        Place("data", "Padding", "Padding", {"tab": "padding"}),
    ),
)
