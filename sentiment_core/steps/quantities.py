"""What is measured at a step of a run, each quantity declared once. Imports no torch.

Trainer, store, JSON route, live plot, CSV, TensorBoard and recordings read here what there is and how it is called.

`StepMetrics` declares the *core* quantities, which every run measures: a column each in the store. All others are
*diagnostics*, which only some runs measure: declared in `DIAGNOSTICS`, measured by `Run.measure`, and kept in a table
that needs no new column for them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median_high
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, get_args, get_type_hints

from sentiment_core.steps.inside import GROUPS

if TYPE_CHECKING:
    import numpy as np

Kind = Literal["known", "measured", "counted"]  # before the update; on the device, in its course; by the program
Line = Literal["solid", "faint", "dashed", "dotted", "level"]  # the last two say what clipping did


@dataclass(frozen=True, slots=True)
class Panel:
    """A plot with an axis of its own; its name is also the group of its curves in TensorBoard."""

    name: str
    title: str
    log: bool = False
    log_beyond: float | None = None  # turns logarithmic where the largest value is so often a curve's median

    def is_log(self, curves: Iterable[Sequence[float]]) -> bool:
        """Return whether the axis is logarithmic: declared so, or one of `curves` would be pressed to its bottom.

        Only finite values above 0 count. The live plot asks the same (`figure.js`).
        """
        if self.log or self.log_beyond is None:
            return self.log
        known = [values for curve in curves if (values := [value for value in curve if 0 < value < math.inf])]
        return bool(known) and max(map(max, known)) > self.log_beyond * min(map(median_high, known))


EXPLODED = 10.0  # a linear axis would press the half of a curve into its lowest tenth
LOSS = Panel("loss", "Loss", log_beyond=EXPLODED)
GRADIENT = Panel("gradient", "Gradient norm", log=True)
ACCURACY = Panel("accuracy", "Accuracy")


@dataclass(frozen=True, slots=True)
class Quantity:
    """One measured quantity of a step; `name` and `whole` follow from where it is declared."""

    title: str  # of its curve, in the words of the field
    unit: str  # empty for a number without one
    kind: Kind
    help: str
    panel: Panel | None = None  # None: not drawn
    line: Line = "solid"
    tag: str = ""  # TensorBoard's, empty for no curve there; else its panel's name and its own
    array: bool = False  # a float32 array per step, never drawn; else one number
    whole: bool = False  # integers; else real numbers, which may be NaN or infinite
    name: str = ""

    def named(self, name: str, whole: bool = False) -> Quantity:
        """Return the quantity as it is declared under `name`."""
        tag = self.tag or (f"{self.panel.name}/{name}" if self.panel and not self.array else "")
        return replace(self, name=name, whole=whole, tag=tag)


@dataclass(frozen=True, slots=True)
class StepMetrics:
    """One optimizer update of one run. Any measured value may be NaN or infinite; it is kept as it is."""

    step: Annotated[int, Quantity("step", "updates", "counted", "Optimizer updates so far, from 1.")]
    epoch: Annotated[int, Quantity("epoch", "epochs", "counted", "Pass over the training reviews, from 1.")]
    loss: Annotated[
        float,
        Quantity("loss", "nats", "measured", "Mean cross-entropy of the batch.", LOSS, tag="loss/train"),
    ]
    accuracy: Annotated[
        float,
        Quantity(
            "batch",
            "",
            "measured",
            "Share of the batch classified correctly, before the update.",
            ACCURACY,
            "faint",
            tag="accuracy/train",
        ),
    ]
    learning_rate: Annotated[
        float, Quantity("learning rate", "", "known", "Learning rate of the update.", tag="learning_rate")
    ]
    grad_norm: Annotated[
        float,
        Quantity(
            "gradient norm",
            "",
            "measured",
            "L2 norm of all gradients before clipping.",
            GRADIENT,
            tag="gradient/norm",
        ),
    ]
    grad_norm_clipped: Annotated[
        float,
        Quantity(
            "after clipping",
            "",
            "measured",
            "L2 norm of all gradients after clipping; the same as before when nothing was clipped.",
            GRADIENT,
            "dotted",
            tag="gradient/norm_after_clipping",
        ),
    ]
    grad_max: Annotated[
        float,
        Quantity(
            "largest component",
            "",
            "measured",
            "Largest absolute component of the gradient before clipping.",
            tag="gradient/largest_component",
        ),
    ]
    clip_cosine: Annotated[
        float,
        Quantity(
            "cosine",
            "",
            "measured",
            "Cosine of the angle between the gradient before and after clipping.",
            tag="gradient/cosine_before_after",
        ),
    ]
    threshold: Annotated[
        float,
        Quantity(
            "threshold",
            "",
            "known",
            "Clipping threshold in force, of the norm or of each component; NaN without clipping.",
            GRADIENT,
            "level",
            tag="gradient/threshold",
        ),
    ]
    tokens: Annotated[int, Quantity("tokens", "tokens", "counted", "Real tokens in the batch, padding not counted.")]
    seconds: Annotated[
        float, Quantity("seconds", "s", "counted", "Training time since the run's first step, pauses not counted.")
    ]


class Diagnostic(NamedTuple):
    """What a run measured of a diagnostic at one step: a number, or a float32 array of any one shape."""

    run_id: str
    step: int
    quantity: str
    value: float | np.ndarray


class Drained(NamedTuple):
    """What a run measured since it was asked last: its updates, and diagnostics in the order of measuring."""

    steps: list[StepMetrics]
    diagnostics: list[Diagnostic]


def _declared(record: type[Any]) -> Iterator[Quantity]:
    for name, hint in get_type_hints(record, include_extras=True).items():
        kind, quantity = get_args(hint)
        yield quantity.named(name, whole=kind is int)


CORE: dict[str, Quantity] = {quantity.name: quantity for quantity in _declared(StepMetrics)}
STEP_COLUMNS = tuple(CORE)
DIAGNOSTICS: dict[str, Quantity] = {}


def declare(name: str, quantity: Quantity) -> None:
    """Make a diagnostic known under `name`, an identifier; raise `ValueError` for another and for one that is taken."""
    # The browser is told of each step whether it was `clipped`, beside what was measured.
    if not name.isidentifier() or name in {*CORE, *DIAGNOSTICS, "clipped"}:
        raise ValueError(f"{name}: not an identifier, or there is such a quantity already")
    DIAGNOSTICS[name] = quantity.named(name)


WORDS = Panel("words", "Loss of masked words", log_beyond=EXPLODED)
PAIRS = Panel("pairs", "Loss of the next sentence", log_beyond=EXPLODED)
PAIR_ACCURACY = Panel("pair_accuracy", "Next sentences named")

declare("word_loss", Quantity("batch", "nats", "measured", "Mean cross-entropy of the chosen pieces.", WORDS))
declare(
    "word_guess",
    Quantity(
        "guessing",
        "nats",
        "known",
        "Unigram line: the loss of answering with each piece's share of the training reviews, without reading.",
        WORDS,
        "level",
    ),
)
declare(
    "word_chance",
    Quantity("guessing", "", "known", "Share of the most frequent piece: right without reading.", ACCURACY, "level"),
)
declare(
    "pair_loss",
    Quantity("batch", "nats", "measured", "Mean cross-entropy of whether the second segment follows.", PAIRS),
)
declare("pair_guess", Quantity("guessing", "nats", "known", "ln 2: answering always one half.", PAIRS, "level"))
declare(
    "pair_accuracy",
    Quantity("batch", "", "measured", "Share of the pairs of which it is said rightly.", PAIR_ACCURACY, "faint"),
)
declare("pair_chance", Quantity("guessing", "", "known", "Half of the pairs belong together.", PAIR_ACCURACY, "level"))
for _part in ("validation", "test"):
    for _name in ("word_loss", "pair_loss", "pair_accuracy"):
        _batch = DIAGNOSTICS[_name]
        _help = f"{_batch.help.removesuffix('.')}, over the {_part} part."
        declare(f"{_part}_{_name}", replace(_batch, title=_part, help=_help, line="dashed", tag=""))


def diagnostic(name: str) -> Quantity:
    """Return a declared diagnostic; raise `ValueError` for any other name."""
    if name not in DIAGNOSTICS:
        raise ValueError(f"{name}: no such diagnostic; declare it in sentiment_core/steps/quantities.py")
    return DIAGNOSTICS[name]


def scalars(names: Iterable[str]) -> list[Quantity]:
    """Return those diagnostics among `names` that are one number a step, in the order of their declaration.

    A store may hold some of a later version, which this one knows nothing to say about: they are left out.
    """
    wanted = set(names)
    return [quantity for quantity in DIAGNOSTICS.values() if quantity.name in wanted and not quantity.array]


def drawn() -> list[Quantity]:
    """Return every quantity that has a panel, core quantities first."""
    return [quantity for quantity in (*CORE.values(), *scalars(DIAGNOSTICS)) if quantity.panel]


for _setting, _title in (("learning_rate", "learning rate set"), ("threshold", "threshold set")):
    declare(
        f"changed_{_setting}",
        Quantity(_title, "", "known", "What somebody set while training, at the first update made with it."),
    )

# What `training/inside_watch.py` measures, where `watch_every` asks for it.
for _group in GROUPS:
    declare(
        f"gradient_{_group}",
        Quantity(
            f"gradient norm, {_group}",
            "",
            "measured",
            f"L2 norm of the gradient of all trained values of the {_group}, before clipping.",
            tag=f"inside/gradient_{_group}",
        ),
    )
for _group in GROUPS:
    declare(
        f"update_ratio_{_group}",
        Quantity(
            f"update : weight, {_group}",
            "log10",
            "measured",
            f"log10 of ‖Δw‖ / ‖w‖ over all trained values of the {_group}; about −3 is usual.",
            tag=f"inside/update_ratio_{_group}",
        ),
    )
for _name, _title, _help in (
    ("saturated_share", "saturated units", "uppermost layer's outputs with |h| > 0.97, padding not counted"),
    ("dead_relu_share", "dead ReLUs", "head's ReLU units that are zero for every review of the batch"),
):
    declare(_name, Quantity(_title, "", "measured", f"Share of the {_help}.", tag=f"inside/{_name}"))
for _name, _title, _unit, _help in (
    (
        "gradient_through_time",
        "gradient through time",
        "log10",
        "Two rows: log10 of the mean ‖∂L/∂h‖ by tokens before the end of a review, and the reviews behind each mean.",
    ),
    ("recurrent_radius", "spectral radius", "", "Largest |eigenvalue| of W_hh, directions by gates."),
    ("recurrent_stretch", "largest singular value", "", "Largest singular value of W_hh, directions by gates."),
    ("weight_histograms", "weights", "", "Share of weights by log10 of their size, a row a layer."),
    ("gradient_histograms", "gradients", "", "Share of gradient components by log10 of their size, a row a layer."),
    ("activation_histograms", "activations", "", "Share of outputs by value: states, then the head's layers."),
):
    declare(_name, Quantity(_title, _unit, "measured", _help, array=True))
