"""What a network can be built of: recurrent cells and poolings over time, declared once. Imports no torch.

`models/encoder.py` and `models/pooling.py` hold what computes them, by the same names. Factors of memory are numbers of
4 bytes that training keeps per token and unit, measured by `benchmarks/memory.py`; see `training/memory.py`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """A recurrent cell: its name on pages, its gates, and what it takes of memory.

    `kept` in training, per unit; `read` in training, per component of its input; `evaluation` per unit.
    """

    label: str
    gates: int
    kept: float
    read: float
    evaluation: float


@dataclass(frozen=True)
class Pooling:
    """How the states of all tokens become one vector: its name on pages, and what it keeps in training per unit.

    `attends`: it is a weighted sum of states, whose weights a heatmap can show.
    """

    label: str
    kept: float = 0.0
    attends: bool = False


# Of what a Transformer reads: [CLS] before a review and [SEP] behind it.
SPECIAL_IN_REVIEW = 2

CELLS: dict[str, Cell] = {
    "rnn": Cell("tanh RNN", 1, 5.0, 1.3, 2.5),
    "gru": Cell("GRU", 3, 13.0, 1.3, 5.0),
    "lstm": Cell("LSTM", 4, 17.0, 4.7, 3.0),
}

POOLINGS: dict[str, Pooling] = {
    "padded_last": Pooling("Last state after padding (bug)"),
    "last": Pooling("Last state"),
    "mean": Pooling("Mean", 0.5),
    "max": Pooling("Max", 3.5),
    "attention_dot": Pooling("Attention, dot product", 1.0, attends=True),
    "attention_scaled_dot": Pooling("Attention, scaled dot", 1.0, attends=True),
    "attention_additive": Pooling("Attention, additive", 6.0, attends=True),
    "attention_uniform": Pooling("Attention, uniform (control)", attends=True),
    "attention_random": Pooling("Attention, random and frozen (control)", attends=True),
}
