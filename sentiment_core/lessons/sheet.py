"""The exercise sheet as a map: every row of it, in our words, and where in the app it is met."""

from __future__ import annotations

from dataclasses import dataclass

from sentiment_core.lessons.places import Place, lab, lesson, train


@dataclass(frozen=True)
class Row:
    """A row of the sheet: `cells` is the first and last of its cells, None for an exercise or a summary.

    `asks`: what it does or asks; `places`: where it is met; `sources` name entries of `SOURCES`.
    """

    asks: str
    places: tuple[Place, ...]
    cells: tuple[int, int] | None = None
    exercise: bool = False
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """A part of the sheet with its rows."""

    title: str
    rows: tuple[Row, ...]


def _stepper(walk: str, step: int, label: str, shows: str) -> Place:
    return lab("tensors", label, shows, walk=walk, step=str(step))


PARTS: tuple[Part, ...] = (
    Part(
        "Reviews and words",
        (
            Row(
                "Choose a device; load GloVe vectors of 100 components.",
                (
                    Place("home", "Ready on this machine", "Ready on this machine"),
                    Place("data", "Coverage of the vectors", "Most frequent tokens", {"tab": "coverage"}),
                ),
                (26, 27),
            ),
            Row(
                "Read movie.csv; lower-case the text.",
                (
                    Place("data", "The reviews", "reviews", {"tab": "reviews"}),
                    _stepper("words", 1, "Lower case, and without it", "Lower case"),
                ),
                (28, 28),
            ),
            Row(
                "Words, those with a vector, and the matrix of one review: of 151 words 130 are known, so [130, 100].",
                (_stepper("words", 2, "Tensor stepper 1", "What GloVe does not know"),),
                (29, 31),
            ),
            Row(
                "A second text of 263 words; both padded to [2, 263, 100]; the first zero row of review 0.",
                (_stepper("words", 5, "Padding, line by line", "gets rows of zeros"),),
                (32, 35),
                sources=("pad_sequence",),
            ),
        ),
    ),
    Part(
        "Data set and batches",
        (
            Row(
                "A Dataset with length and index; split 80/20 with seed 54321: 32,000 and 8,000 reviews.",
                (
                    _stepper("batches", 1, "Tensor stepper 2", "A data set needs two things"),
                    Place("data", "The split", "reviews", {"tab": "overview"}),
                ),
                (36, 40),
                sources=("data",),
            ),
            Row(
                "A collate function and the DataLoader. The batch size is a hyperparameter: larger is steadier.",
                (
                    _stepper("batches", 3, "The collate function", "collate says how"),
                    train("Compare batch sizes", "Compare with"),
                ),
                (41, 42),
                sources=("data", "pad_sequence"),
            ),
            Row(
                "250 batches; x is [128, 800, 100], y is [128]: mostly padding.",
                (
                    _stepper("batches", 4, "One batch", "The first batch"),
                    Place("data", "Padding by batch", "adding", {"tab": "padding"}),
                ),
                (43, 47),
            ),
        ),
    ),
    Part(
        "The network and its last state",
        (
            Row(
                "The model class, the training loop, the evaluation loop.",
                (lab("loop", "The loop, line by line", "The loop, line by line"),),
                (48, 48),
            ),
            Row(
                "The padded last state, 42,441 parameters: it stays at 0.50.",
                (lesson("padded-last-state", "Rung 1", "1 · Padded last state"),),
                (49, 50),
            ),
            Row(
                "Why does it not learn? A hint, then the solution.",
                (
                    lesson("padded-last-state", "Rung 1: hint, then solution", "Why does it not learn?"),
                    lab("padding", "Padding probe", "Padding probe"),
                    lab("glass-rnn", "Padding washes the state out", "Glass RNN", padding="100"),
                ),
                exercise=True,
            ),
            Row(
                "The collate function returns lengths as well.",
                (_stepper("last-state", 0, "Tensor stepper 3", "Two reviews of 3 and 5 words"),),
                (51, 52),
            ),
            Row(
                "A dummy RNN: output[:, -1] equals h_n; put them beside each other and compare.",
                (_stepper("last-state", 2, "output[:, -1] and h_n", "All reviews, last position"),),
                (53, 58),
            ),
            Row(
                "Take the state at length − 1 with arange and gather.",
                (
                    _stepper("last-state", 8, "arange and gather", "Along axis 1"),
                    lab("blanks", "Fill the blank: gather", "at its own last word", exercise="gather"),
                ),
                (59, 59),
                exercise=True,
                sources=("gather", "arange"),
            ),
            Row(
                "The true last state, 29,569 parameters: it learns, then collapses.",
                (lesson("last-state", "Rung 2", "2 · True last state"),),
                (60, 63),
            ),
        ),
    ),
    Part(
        "Gradients",
        (
            Row(
                "The gradient's norm in each batch: long gradients and low accuracy go together.",
                (
                    lesson("gradient-norm", "Rung 3", "3 · Look at the gradient"),
                    lab("glass-rnn", "The gradient word by word", "Glass RNN"),
                ),
                (64, 66),
                sources=("pascanu",),
            ),
            Row(
                "Clip by norm and by threshold. What does each do to length and direction? Write it.",
                (
                    lab("clipping-geometry", "Clipping geometry", "Clipping geometry"),
                    lab("temporal-order", "Where clipping helps", "Temporal order"),
                    lab("blanks", "Fill the blank: by norm", "Scale all gradients", exercise="clip-norm"),
                    lab("blanks", "by threshold", "Cut every component", exercise="clip-value"),
                    lesson("clip-norm", "Rung 4", "4 · Clip by norm"),
                ),
                (67, 68),
                exercise=True,
                sources=("clipping-video", "clipping-article", "pascanu"),
            ),
            Row(
                "Xavier (or He) in the constructor.",
                (
                    lesson("initialisation", "Rung 5", "5 · Initialisation"),
                    lab("initialisation", "Initialisation bench", "Initialisation bench"),
                ),
                (69, 70),
                sources=("initialisation",),
            ),
            Row(
                "Batch norm, made inside forward.",
                (
                    lesson("batch-norm", "Rung 6", "6 · Batch normalisation"),
                    lab("batch-norm", "Made anew in each call", "Made anew in each call", norm="per_call"),
                ),
                (71, 72),
                sources=("makemore",),
            ),
            Row(
                "ReLU before the head; a deeper head, 37,761 parameters.",
                (
                    lesson("relu", "Rung 7", "7 · ReLU before the head"),
                    lesson("deep-head", "Rung 8", "8 · Deeper head"),
                ),
                (73, 74),
            ),
            Row(
                "Learning rates 1e-1, 1e-2 and 1e-4.",
                (
                    lesson("learning-rates", "Rung 9", "9 · Learning rates"),
                    lab("learning-rates", "Learning-rate sweep", "Learning-rate sweep"),
                ),
                (75, 75),
            ),
        ),
    ),
    Part(
        "Attention",
        (
            Row(
                "A mock-up: output [2, 5, 6], h_n to [2, 1, 6], product, sum, softmax; the weights add up to 1.",
                (
                    _stepper("attention", 1, "Tensor stepper 4", "The layer axis goes"),
                    lab(
                        "tensors",
                        "Why [2, 2, 5, 6] is wrong",
                        "pairs every review with every other",
                        walk="attention",
                        step="1",
                        wrong="squeeze_twice",
                    ),
                ),
                (76, 89),
            ),
            Row(
                "Masking with lengths [1, 2]: arange, a comparison, −9999.",
                (
                    _stepper("attention", 7, "The mask, line by line", "against a column of lengths"),
                    lab("blanks", "Fill the blank: the mask", "Turn scores", exercise="masking"),
                    lesson("attention", "The mask that stops early", "Mask stops", mistake="off_by_one_mask"),
                ),
                (90, 94),
                sources=("arange",),
            ),
            Row(
                "The attention model, ten epochs.",
                (
                    lesson("attention", "Rung 10", "10 · Attention"),
                    lab("glass-rnn", "Last state beside attention", "Glass RNN"),
                ),
                (95, 96),
            ),
        ),
    ),
    Part(
        "Summary",
        (
            Row("The training loop once more.", (lab("loop", "The loop, line by line", "The loop, line by line"),)),
            Row(
                "Which hyperparameters were there?",
                (lab("loop", "The hyperparameters", "Which hyperparameters did you meet?", view="recap"),),
            ),
            Row(
                "Padding, clipping, norms, non-linearities, attention: what each was for.",
                (Place("lessons", "All rungs", "One network, ten rungs"),),
            ),
            Row(
                "Far too many parameters? An elastic net on mean vectors reaches 0.79.",
                (
                    lesson("reference", "The bar", "The bar: elastic net"),
                    lab("baselines", "Baselines", "Baselines"),
                ),
            ),
        ),
    ),
)


def named(row: Row) -> str:
    """Return what a row is called: its cells, and whether it is an exercise."""
    cells = "" if row.cells is None else "–".join(map(str, dict.fromkeys(row.cells)))
    return " · ".join(filter(None, ["Exercise" if row.exercise else "", cells]))
