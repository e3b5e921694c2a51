"""The labs there are: each one question, one experiment with knobs, one short stable link."""

from __future__ import annotations

from dataclasses import dataclass

from sentiment_core.errors import NotFoundError

# What labs are about: the list shows those of a kind together, in the order in which kinds first come.
CODE = "Tensors and code"
INSIDE = "Inside a network"
TRAINING = "One knob of training"
OTHERS = "Other tasks and models"


@dataclass(frozen=True)
class Lab:
    """A lab: `name` is its link (`?lab=NAME`), `module` has its `ADDRESS` and a `draw()` for all below its title.

    `kind` is the heading that it stands under in the list.
    """

    name: str
    title: str
    summary: str
    module: str
    icon: str
    kind: str


LABS: list[Lab] = [
    Lab(
        "tensors",
        "Tensor stepper",
        "From words to attention, one line of code at a time: predict the shape, see what moved where, try it wrong.",
        "ui.labs.walks.tensors",
        ":material/view_in_ar:",
        CODE,
    ),
    Lab(
        "blanks",
        "Fill the blank",
        "Gather, mask and clip: choose the missing pieces; your lines run and are compared with the program's own.",
        "ui.labs.walks.blanks",
        ":material/edit_note:",
        CODE,
    ),
    Lab(
        "loop",
        "The loop, line by line",
        "Forward, backward, measure, clip, step: what does each line change, in one update on real reviews?",
        "ui.labs.walks.loop",
        ":material/sync:",
        CODE,
    ),
    Lab(
        "glass-rnn",
        "Glass RNN",
        "One review runs word by word through the units, and the gradient comes back: where does it die?",
        "ui.labs.inside.glass",
        ":material/visibility:",
        INSIDE,
    ),
    Lab(
        "padding",
        "Padding probe",
        "Append padding to one review and watch P(positive): one model's line moves, two stay flat.",
        "ui.labs.padding",
        ":material/space_bar:",
        INSIDE,
    ),
    Lab(
        "gradient-through-time",
        "Gradient through time",
        "On real reviews: how far back does the gradient reach, by start, by cell, and with attention?",
        "ui.labs.inside.flow",
        ":material/history:",
        INSIDE,
    ),
    Lab(
        "initialisation",
        "Initialisation bench",
        "Before any training: what does a start do to activations and gradients, through time and through layers?",
        "ui.labs.inside.initialisation",
        ":material/flag:",
        INSIDE,
    ),
    Lab(
        "saturation",
        "Saturation lab",
        "Where are tanh, sigmoid and ReLU flat, and what does that leave of a gradient through many layers?",
        "ui.labs.inside.saturation",
        ":material/water_drop:",
        INSIDE,
    ),
    Lab(
        "batch-norm",
        "Batch norm, training and testing",
        "One review in changing company: when does its answer depend on who shares its batch?",
        "ui.labs.inside.batch_norm",
        ":material/groups:",
        INSIDE,
    ),
    Lab(
        "learning-rates",
        "Learning-rate sweep",
        "Up to twelve rates from the same weights on the same batches: where does it learn, where does it blow up?",
        "ui.labs.rates",
        ":material/speed:",
        TRAINING,
    ),
    Lab(
        "clipping",
        "Clipping in depth",
        "By norm, by value or not at all, over seeds and optimizers: how often, how far, and does it help?",
        "ui.labs.clipping",
        ":material/content_cut:",
        TRAINING,
    ),
    Lab(
        "clipping-geometry",
        "Clipping geometry",
        "A loss with a cliff: where does descent end without clipping, by norm and by value, update by update?",
        "ui.labs.inside.cliff",
        ":material/landscape:",
        TRAINING,
    ),
    Lab(
        "temporal-order",
        "Temporal order",
        "A task that needs a gradient from far back: how long may it be, with and without clipping?",
        "ui.labs.order_map",
        ":material/swap_horiz:",
        OTHERS,
    ),
    Lab(
        "bert",
        "BERT",
        "A small masked language model: mask a word, watch its fill-ins come to sense, see attention and positions.",
        "ui.labs.bert.lab",
        ":material/join_inner:",
        OTHERS,
    ),
    Lab(
        "baselines",
        "Baselines",
        "What a linear model reaches in seconds on the same reviews: the line that a network has to beat.",
        "ui.labs.baselines",
        ":material/linear_scale:",
        OTHERS,
    ),
]


def lab(name: str) -> Lab:
    """Return a lab by its name; raise `NotFoundError` naming those there are."""
    for item in LABS:
        if item.name == name:
            return item
    raise NotFoundError(f"there is no lab {name[:60]!r}; choose one of {', '.join(item.name for item in LABS)}")
