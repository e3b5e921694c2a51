"""What is looked at inside a network in training: its parts, and how arrays about them are divided. Imports no torch.

Everything here is the same for every run, so that what two runs measured can be laid side by side.
"""

from __future__ import annotations

# Updates from one look to the next where a page switches looking on: so many that training is hardly slower.
USUAL_EVERY = 20

# Trained parts of a network, from its input on; `other` is what a network of another task has besides.
GROUPS = ("embedding", "norms", "recurrence", "pooling", "head", "other")
MOST_RECURRENT, MOST_HEAD = 4, 5
# The same by layer: rows of the histograms of weights and gradients.
PLACES = (
    "embedding",
    "norms",
    *(f"recurrence {layer}" for layer in range(1, MOST_RECURRENT + 1)),
    "pooling",
    *(f"head {layer}" for layer in range(1, MOST_HEAD + 1)),
    "other",
)
# Rows of the histograms of activations: the uppermost recurrent layer's, and each non-linearity of the head's.
ACTIVATIONS = ("states", *(f"head {layer}" for layer in range(1, MOST_HEAD + 1)))

BINS = 40
# log10 of the size of a weight or a component of the gradient; what lies beyond counts in the outer bins, zero too.
SIZE_EDGES = tuple(-8 + 10 * place / BINS for place in range(BINS + 1))
# An activation; what lies beyond counts in the outer bins.
VALUE_EDGES = tuple(-2 + 4 * place / BINS for place in range(BINS + 1))

# Columns of the gradient through time, as tokens before the last real one: one by one near the end of a review, then
# ever more together. Column i is from COLUMNS[i] up to COLUMNS[i + 1], the last one has no end.
COLUMNS = (
    *range(32),
    *(start + step * start // 8 for start in (32, 64, 128, 256, 512, 1024) for step in range(8)),
    2048,
)

# By number of gates, in the order in which PyTorch stacks them.
GATES = {1: ("hidden",), 3: ("reset", "update", "new"), 4: ("input", "forget", "cell", "output")}


def group_of(place: str) -> str:
    """Return the group that one of `PLACES` belongs to."""
    return place.split(" ")[0]
