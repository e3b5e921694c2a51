"""Plans for a lecture: what to open, ask and expect; every step is a place in the app."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from sentiment_core.lessons.places import Place, lab, lesson, train


@dataclass(frozen=True)
class Step:
    """A part of a lecture of so many `minutes`."""

    minutes: int
    place: Place
    ask: str
    expect: str


@dataclass(frozen=True)
class Plan:
    """A lecture; `name` is its link."""

    name: str
    title: str
    steps: tuple[Step, ...]

    @property
    def minutes(self) -> int:
        """How long it takes."""
        return sum(step.minutes for step in self.steps)


_OPEN = Step(
    5,
    Place("home", "Home: the twin", "gradient clipping", {"rate": "0.6", "threshold": "0.25"}),
    "Two networks see the same batches and start from the same weights. Where do they part, and which one learns?",
    "They part once a gradient has been cut. The unclipped loss swings by whole units; the clipped one learns.",
)
_BOUNDARY = Step(
    5,
    Place("home", "Home: a low rate", "gradient clipping", {"rate": "0.2", "threshold": "8"}),
    "Does clipping always help? Raise the rate from here, then lower the threshold.",
    "At this rate no gradient reaches the threshold: both runs are one, bit for bit. At higher rates only low "
    "thresholds still learn.",
)
_LIVE = Step(
    10,
    train("Train: the same, live", "Learning rate"),
    "Press Train. Then change the rate while it trains: what will the curve do at that step?",
    "The change is marked in the plot, old and new value, and stays with the run.",
)
_CLIP = Step(
    10,
    lesson("clip-norm", "Lesson 4: clip by norm", "Clip by norm"),
    "Predict first: will the clipped run be more accurate? Look at it with SGD, then with Adam.",
    "With SGD the clipped run is clearly more accurate (seeds 1, 2 and 3). Adam divides by the gradient's usual "
    "size and hides part of it.",
)
_PADDING = Step(
    15,
    lesson("padded-last-state", "Lesson 1: the padding bug", "Padded last state"),
    "The network reads zeros behind a short review. What does each of those steps do to its state?",
    "The hint and the solution stand in the exercise; the state forgets the review.",
)
_NORM = Step(
    10,
    lesson("gradient-norm", "Lesson 3: look at the gradient", "Look at the gradient"),
    "How long is the longest gradient, compared with the usual one?",
    "Its norm has to be read before clipping: read afterwards it never exceeds the threshold.",
)
_VALUE = Step(
    10,
    lesson("clip-value", "Lesson 4: clip by value", "Clip by value"),
    "Which of the two ways to clip turns the gradient, and why?",
    "By norm its direction stays; by value large components lose and it turns. The verdict says by which cosine.",
)
_GLASS = Step(
    15,
    lab("glass-rnn", "Glass RNN", "Glass RNN"),
    "Play a review word by word, then the gradient back: where does it die?",
    "The gradient's length falls by powers of ten on its way to the first words.",
)
_EXPLAIN = Step(
    10,
    Place("explain", "Explain: one review", "Attention"),
    "Which words does the model attend to, and does the answer change without them?",
    "Attention and occlusion need not agree; both are shown beside each other.",
)
_SHEET = Step(
    15,
    lesson("sheet", "The exercise sheet", "The exercise sheet"),
    "Each asks the others one question of the sheet; answer in writing before the points are opened.",
    "Every row names the place in the app where it is met.",
)
_LOOP = Step(
    10,
    lab("loop", "The loop, line by line", "The loop, line by line"),
    "In which order: backward, measure, clip, step? What goes wrong in another order?",
    "Each line shows what it changes in one update; the norm is measured before and after clipping.",
)

PLANS: tuple[Plan, ...] = (
    Plan("45", "A lecture of 45 minutes", (_OPEN, _BOUNDARY, _LIVE, _CLIP, _PADDING)),
    Plan("90", "A lecture of 90 minutes", (_OPEN, _BOUNDARY, _LIVE, _NORM, _CLIP, _VALUE, _PADDING, _GLASS, _EXPLAIN)),
    Plan("exam", "Repetition before the exam", (_OPEN, _NORM, _CLIP, _VALUE, _LOOP, _SHEET)),
)


def path_of(place: Place) -> str:
    """Return the address of a place below the app's own."""
    page = "" if place.page == "home" else place.page
    return f"/{page}" + (f"?{urlencode(place.query)}" if place.query else "")
