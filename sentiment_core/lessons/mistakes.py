"""The notebook's mistakes as experiments: correct path and mistake side by side, in the lessons they belong to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sentiment_core.errors import NotFoundError

MODELS, TRAINING = "sentiment_core.models.mistakes:", "sentiment_core.training.mistakes:"


@dataclass(frozen=True)
class MistakeLesson:
    """One mistake: `name` is its link and its option, `lessons` where it is offered.

    `what` says what the notebook did, or nearly did, and what runs here; `look_for` what to look at. `runs` are the
    names and overrides of the runs, on the lesson's own rung with `base` changed; `code` holds references for
    `excerpt`.
    """

    name: str
    title: str
    lessons: tuple[str, ...]
    what: str
    look_for: str
    code: tuple[str, ...]
    runs: tuple[tuple[str, dict[str, Any]], ...]
    base: dict[str, Any] = field(default_factory=dict)


def _twin(option: str, correct: str, mistaken: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    section, _, name = option.partition(".")
    return (correct, {}), (mistaken, {f"{section}.mistakes": (name,)})


def _after_the_highest_rate(option: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    return (
        ("rate 0.001, fresh", {"training.learning_rate": 0.001}),
        ("rate 0.1", {"training.learning_rate": 0.1}),
        ("rate 0.001, after 0.1", {"training.learning_rate": 0.001, "training.mistakes": (option,)}),
    )


MISTAKES: tuple[MistakeLesson, ...] = (
    MistakeLesson(
        name="batch_averaged_accuracy",
        title="Accuracy averaged over batches",
        lessons=("last-state",),
        what="The notebook averages the accuracies of the batches. The last batch is smaller than the others, so each "
        "of its reviews counts for more; here evaluation goes by length, and that batch holds the longest reviews.",
        look_for="Loss and gradient of both runs are equal to the last bit; only their validation accuracies differ.",
        code=(f"{TRAINING}batch_averaged_accuracy", "sentiment_core.training.run:share"),
        runs=_twin("training.batch_averaged_accuracy", "over reviews", "over batches"),
    ),
    MistakeLesson(
        name="norm_after_clipping",
        title="Norm read after clipping",
        lessons=("gradient-norm", "clip-norm"),
        what="The notebook clips first and reads the norm then. What it plots can never exceed the threshold: the "
        "explosion is hidden, and no step seems to have been clipped.",
        look_for="The gradient norm: one curve has spikes, the other ends at the threshold. The losses are the same to "
        "the last bit; only what is logged differs.",
        code=(f"{TRAINING}norm_after_clipping", "sentiment_core.training.gradients:measure_and_clip"),
        runs=_twin("training.norm_after_clipping", "read before clipping", "read after clipping"),
        base={"training.clipping": "norm", "training.max_norm": 0.5},
    ),
    MistakeLesson(
        name="clip_wrong_model",
        title="Another model is clipped",
        lessons=("clip-norm",),
        what="The notebook's training function clips a global variable called model, not the model it was given. In "
        "every cell the two happen to be the same, so its printed numbers are right: the mistake lies in wait for the "
        "day that somebody trains two models. Here it has come: the one that trains is never clipped.",
        look_for="The mistaken run's norm before and after clipping is the same, although a threshold is set: it is "
        "the unclipped run under another name.",
        code=(f"{TRAINING}clip_wrong_model",),
        runs=_twin("training.clip_wrong_model", "clips the model that trains", "clips another model"),
        base={"training.max_norm": 0.5},
    ),
    MistakeLesson(
        name="norm_per_call",
        title="Norms made anew in each pass",
        lessons=("batch-norm",),
        what="The notebook creates its norm layers inside forward. They never learn, gather no running statistics and "
        "are always in training mode; batch norm takes the time step for the channel, padding included. That forward "
        "stays in force for its ReLU, its deeper head and its sweep of rates, until attention replaces it.",
        look_for="The loss in training, and validation accuracy: the mistaken model's answer to a review depends on "
        "which reviews are evaluated beside it.",
        code=(f"{MODELS}NormPerCall", "sentiment_core.models.norms:MaskedBatchNorm"),
        runs=_twin("model.norm_per_call", "norms that belong to the model", "norms made in each pass"),
    ),
    MistakeLesson(
        name="kept_biases",
        title="A sweep that keeps its biases",
        lessons=("learning-rates",),
        what="The notebook's sweep goes on with the same layers. Its constructor draws every weight matrix anew with "
        "Xavier for each rate, and leaves the biases alone: they are what one rate leaves to the next. Here rate 0.001 "
        "runs twice: fresh, and with the biases that rate 0.1 ended with (it is trained once more beforehand, unseen, "
        "so the curves wait for it). Both have the same matrices, so the biases are all that tells them apart.",
        look_for="The first loss of the two runs at 0.001, and how long the difference lasts.",
        code=(f"{TRAINING}CarryOver", "sentiment_core.models.initialisation:initialise"),
        runs=_after_the_highest_rate("kept_biases"),
        base={"model.initialisation": "xavier_matrices"},
    ),
    MistakeLesson(
        name="kept_weights",
        title="A sweep that keeps all weights",
        lessons=("learning-rates",),
        what="Without the constructor that draws matrices anew, the notebook's sweep would have gone on with one "
        "network: each rate would start from the weights that the last rate left. Its numbers do not have this "
        "mistake; many sweeps do. Here rate 0.001 runs twice: from fresh weights, and from those that rate 0.1 ended "
        "with (it is trained once more beforehand, unseen, so the curves wait for it).",
        look_for="The two runs at 0.001: the one that comes after 0.1 is judged by what 0.1 left behind.",
        code=(f"{TRAINING}CarryOver",),
        runs=_after_the_highest_rate("kept_weights"),
    ),
    MistakeLesson(
        name="off_by_one_mask",
        title="Mask stops one token early",
        lessons=("attention",),
        what="The notebook's mask compares positions with length − 1, so the last real token never gets weight. It is "
        "the one whose state has read the whole review, and the one that asks the question. A review of one token has "
        "nothing left to look at: every score is the mask's own −9999 for each unit of the state, and the weights are "
        "equal over all positions, padding included.",
        look_for="Does any curve show it? A mistake that costs little accuracy goes unnoticed. Open both in Explain: "
        "the last word's weight is exactly 0 in one of them.",
        code=(f"{MODELS}OffByOneMask", "sentiment_core.models.pooling:masked_softmax"),
        runs=_twin("model.off_by_one_mask", "mask to the last token", "mask one short"),
    ),
    MistakeLesson(
        name="cross_review_attention",
        title="Reviews attend to each other",
        lessons=("attention",),
        what="The notebook tries attention on a mock-up first: two reviews, five tokens, six units. A cell that is run "
        "twice squeezes h_n once too often. Broadcasting then pairs every review with every other: the product has the "
        "shape [2, 2, 5, 6] where [2, 5, 6] was meant, and no error is raised. The sum that should add over units, "
        "sum(2), now adds over time, and the softmax that should weigh tokens weighs reviews; the weights still add up "
        "to 1. The network that the notebook trains does none of this. Here the first slip is let into training: "
        "reviews meet each other, while scores and softmax are on the right axes.",
        look_for="Does it still learn? Each review reads a mean over the whole batch, of which its own tokens are one "
        "part in 32.",
        code=(f"{MODELS}CrossReviewAttention",),
        runs=_twin("model.cross_review_attention", "each review by itself", "reviews attend to each other"),
    ),
)


def mistakes_of(lesson_name: str) -> tuple[MistakeLesson, ...]:
    """Return the mistakes that a lesson offers beside its correct path."""
    return tuple(item for item in MISTAKES if lesson_name in item.lessons)


def mistake(name: str, lesson_name: str) -> MistakeLesson:
    """Return a lesson's mistake by its link's name; raise `NotFoundError` naming those the lesson has."""
    offered = mistakes_of(lesson_name)
    for item in offered:
        if item.name == name:
            return item
    there = f"choose one of {', '.join(item.name for item in offered)}" if offered else "this lesson has none"
    raise NotFoundError(f"there is no mistake {name[:40]!r} in the lesson {lesson_name}; {there}")
