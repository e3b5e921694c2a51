"""The ladder of the course notebook, one lesson a rung: idea, formula, code, question, what to look for.

Longer than other files: it is one text, read in its order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from sentiment_core.errors import NotFoundError

Measure = Literal["learned", "better", "spike", "turned", "best"]

BETTER = ("Clearly more accurate", "No clear difference", "Clearly less accurate")
GRADIENTS = "sentiment_core.training.gradients:measure_and_clip"


@dataclass(frozen=True)
class Variation:
    """The lesson once more with dotted `fields` changed for all its runs; `why` says what it shows."""

    title: str
    why: str
    fields: dict[str, Any] = field(default_factory=dict)


# From rung 5 on the notebook's constructor applies Xavier to every matrix. Its forward of rung 6, which makes its norms
# anew in each pass, stays in force until attention replaces it.
SHEETS_START = {"model.initialisation": "xavier_matrices"}
SHEETS_NORMS = {
    **SHEETS_START,
    "model.input_norm": "batch",
    "model.state_norm": "batch",
    "model.mistakes": "norm_per_call",
}
UNDER_SHEETS_NORMS = Variation(
    "With what the notebook carried on",
    "All runs with Xavier matrices and with batch norms made anew in each pass, as they stood in the notebook here.",
    SHEETS_NORMS,
)
AFTER_SHEETS_START = Variation(
    "From Xavier, as the notebook had it",
    "Its constructor had applied Xavier to every matrix since rung 5, and left the biases as PyTorch draws them.",
    SHEETS_START,
)


@dataclass(frozen=True)
class Lesson:
    """One rung. `name` is its short, stable link; `preset` and `compared_with` name presets.

    `formula` is LaTeX, its lines parted by a double backslash. `code` holds references `module:definition` for
    `excerpt`. `measure` says which measurement picks the choice that came true; choices stand in that measurement's
    order, and `teaches` is the one that its default comes to with every seed (`docs/lessons.md`). `epochs` on the demo
    reviews, None: the usual number; `demo` are dotted fields that all its runs have there. `also_measured` is what no
    recording can say, with its source; what recordings say is computed from them (`lessons.evidence`). A lesson may
    begin with an `exercise`: then its idea is the solution, and a `hint` comes before it.
    """

    name: str
    rung: int | None
    title: str
    summary: str
    idea: str
    formula: str
    code: tuple[str, ...]
    notebook: str
    look_for: tuple[str, ...]
    question: str = ""
    choices: tuple[str, ...] = ()
    teaches: str = ""
    measure: Measure = "better"
    explanation: str = ""
    preset: str | None = None
    compared_with: str | None = None
    epochs: int | None = None
    demo: dict[str, Any] = field(default_factory=dict)
    variations: tuple[Variation, ...] = ()
    also_measured: str = ""
    exercise: str = ""
    hint: str = ""

    @property
    def heading(self) -> str:
        """Its title with the number of its rung."""
        return self.title if self.rung is None else f"{self.rung} · {self.title}"


LESSONS: tuple[Lesson, ...] = (
    Lesson(
        name="padded-last-state",
        rung=1,
        title="Padded last state",
        summary="The notebook's first network classifies from the state it ends with. Why does it not learn?",
        idea="Reviews in a batch are padded with zero vectors to the longest of them. A network that classifies from "
        "the state at the end of the padded row lets a short review run through hundreds of empty steps first. In "
        "each of them the state is multiplied by the same matrix and squashed again, until every review ends in "
        "nearly the same place. Batches are random here: sorted by length they would hold hardly any padding, and "
        "would hide the mistake.",
        formula=r"h_t = \tanh(W_x x_t + W_h h_{t-1} + b) \\ x_t = 0 \text{ for } t > \text{length} \\ "
        r"\hat y = \sigma\!\left(f(h_{T})\right) \\ T = \text{longest in the batch}",
        # Which state is taken: the two lines in which the mistake lies.
        code=("sentiment_core.models.classifier:SentimentModel.classify@last_state", "sentiment_core.batches:collate"),
        notebook="Two epochs, loss 0.69, accuracy 0.50: it learns nothing.",
        look_for=(
            "The loss. Guessing costs ln 2 = 0.693; does the curve ever leave that line?",
            "The gradient norm: is there a signal, and how long is it?",
            "Validation accuracy against the line of chance, which is the share of the larger class.",
        ),
        question="Trained on half positive, half negative reviews: will it be better than chance?",
        choices=("No, it stays at chance", "Yes, clearly better than chance"),
        teaches="No, it stays at chance",
        measure="learned",
        explanation="After enough zero vectors the state has forgotten what came before, and the gradient that would "
        "teach it has to come back through the same empty steps.",
        preset="padded-last-state",
        exercise="A batch holds reviews of different length; with zero vectors behind them they are all as long as the "
        "longest. The network reads every row to its end and classifies from the state that it ends with. The notebook "
        "trained it for two epochs, and it answered no better than chance. Why does it not learn?",
        hint="Take a review of 100 words in a batch whose longest has 800. What does the network read in the other 700 "
        "steps, and what does each of them do to the state?",
    ),
    Lesson(
        name="last-state",
        rung=2,
        title="True last state",
        summary="Read the state at the last real token instead.",
        idea="The cure is an index: take each review's state at its own last token, whatever the padding behind it. "
        "Nothing else about the recurrent network changes. More padding can no longer change an answer. The notebook "
        "changes a second thing with it: the head is one linear layer now, not two.",
        formula=r"\hat y = \sigma\!\left(w^\top h_{\text{length}} + b\right)",
        code=(
            "sentiment_core.models.encoder:RecurrentEncoder.last_state",
            "sentiment_core.models.classifier:SentimentModel.classify",
        ),
        notebook="First epoch: loss 0.67, accuracy 0.59, with good batches (0.73); then a collapse to 0.52.",
        look_for=(
            "How soon the loss of the true last state leaves 0.693, and whether the padded one follows.",
            "The gradient norms: which of the two has the longer gradients, and by how much?",
            "Whether what was learned stays learned until the end.",
        ),
        question="How will its validation accuracy compare with the padded last state's?",
        choices=BETTER,
        teaches=BETTER[0],
        explanation="Both networks start with the same recurrent weights and see the same batches. What differs is "
        "where the head looks, and so how far the gradient has to travel; and that one head has a layer more.",
        preset="last-state",
        compared_with="padded-last-state",
        variations=(
            Variation(
                "The same on batches by length",
                "Bucketed batches hold hardly any padding, so they hide the mistake: is there a difference left?",
                {"data.batching": "bucketed"},
            ),
        ),
    ),
    Lesson(
        name="gradient-norm",
        rung=3,
        title="Look at the gradient",
        summary="The same network again, with an eye on the length of its gradient.",
        idea="A gradient over many time steps is a product of many matrices; it can shrink to nothing or grow beyond "
        "measure. One number per update tells: the length of all gradients together. It has to be read before "
        "anything is clipped. Read afterwards it can never exceed the threshold, and the explosion is hidden. The "
        "network is rung 2's, so there is one run; batches are sorted by length from here on, which saves most of "
        "the time.",
        formula=r"\lVert g \rVert = \sqrt{\sum_{p} \sum_{i} \left(\frac{\partial L}{\partial p_i}\right)^{2}} \\ "
        r"\frac{\partial h_T}{\partial h_1} = \prod_{t=2}^{T} \operatorname{diag}\!\left(1 - h_t^2\right) W_h",
        code=(GRADIENTS,),
        notebook="Mostly 0.2 to 0.8, with spikes of 6.89 and 36.73. It saw long gradients and low accuracy go "
        "together.",
        look_for=(
            "The lower panel has a logarithmic axis: each line up is ten times longer.",
            "What the loss does in the step of the longest gradient and in the one after it.",
            "Whether the spikes come early, while it knows nothing, or late.",
            "Whether the batches with the longest gradients are also those with the lowest accuracy.",
        ),
        question="How long will the longest gradient be, compared with the usual one (the median)?",
        choices=("Less than 3 times as long", "3 to 10 times as long", "More than 10 times as long"),
        teaches="3 to 10 times as long",
        measure="spike",
        explanation="PyTorch's start gives the recurrent matrix a spectral radius of about 0.58, so over many steps "
        "the product shrinks to nothing: at first this gradient vanishes. Over many steps it can explode only after "
        "training has enlarged the matrix.",
        preset="last-state",
        also_measured="Vanishing gradients can cost time as well. Below 1.2e-38 a 32-bit number is subnormal, and "
        "some processors compute those several times more slowly. This app has them rounded to zero, which made 40 "
        "updates of rung 2 1.4 times as fast on one with AVX-512, of rung 4 2.6 times and of attention 1.3 to 1.5 "
        "times; on an AMD EPYC it made no difference. Every measured number was equal to the last bit "
        "(benchmarks/speed.py).",
    ),
    Lesson(
        name="clip-norm",
        rung=4,
        title="Clip by norm",
        summary="A gradient that is too long is scaled back; its direction stays.",
        idea="Where the loss has a cliff, one step along a very long gradient throws the weights far away. Clipping by "
        "norm limits the length of the step and leaves its direction alone. Two runs start from the same weights and "
        "see the same batches; they stay equal to the last bit until the first gradient is clipped. They are "
        "trained with plain SGD, which takes the gradient as it is. Adam divides by the gradient's usual size and so "
        "hides part of the effect: look at it second.",
        formula=r"g \leftarrow g \cdot \min\!\left(1, \frac{c}{\lVert g \rVert}\right)"
        r" \\ c = 0.25 \text{ here, } 1.0 \text{ in the notebook}",
        code=("sentiment_core.clipping.norm:clip_norm", GRADIENTS),
        notebook="Steadier: accuracy 0.69 to 0.73 by the end of the first epoch.",
        look_for=(
            "The step at which the two runs part: the one after the first clipped gradient.",
            "Solid line before clipping, dotted line after: the dotted one never crosses the threshold.",
            "How far the loss swings once the longest gradients have come, with clipping and without.",
        ),
        question="How will the clipped run's validation accuracy compare with the same run's without clipping?",
        choices=BETTER,
        teaches=BETTER[0],
        explanation="Pascanu, Mikolov and Bengio (2013) found thresholds from half to ten times the average norm to "
        "work. A threshold below the usual norm cuts most steps, not just spikes: SGD then learns at a lower rate.",
        preset="clip-norm",
        compared_with="last-state",
        variations=(
            Variation(
                "The same with Adam",
                "Adam divides by the gradient's usual size, so a long gradient makes no long step: how much is left to "
                "clip?",
                {"training.optimizer": "adam", "training.learning_rate": 1e-3},
            ),
        ),
        epochs=3,
        demo={
            "data.max_tokens": 100,
            "data.keep": "tail",
            "training.optimizer": "sgd",
            "training.learning_rate": 1.0,
            "training.max_norm": 0.25,
        },
        also_measured="Rounding alone can decide this comparison. Seed 1 without clipping, on the same reviews and "
        "batches, reached test accuracy 0.642 with a processor's AVX2 instructions and 0.560 with the same one's "
        "SSE4.2, on another machine 0.706 with one thread and 0.643 with two. Numbers that are added in another order "
        "differ in the last bit, and training magnifies that: the losses agree to 1e-7 for eight updates, then no "
        "longer. So one run with one seed cannot say that clipping helps (measured with benchmarks/ladder.py).",
    ),
    Lesson(
        name="clip-value",
        rung=4,
        title="Clip by value",
        summary="The other way to clip: cut each component, and turn the gradient.",
        idea="Clipping by value cuts every component of the gradient to ±c and leaves the small ones as they are. "
        "That is no longer the same direction: large components lose, small ones gain weight. The cosine between "
        "the gradient before and after says how far it was turned; 1 means not at all.",
        formula=r"g_i \leftarrow \max\!\left(-c, \min(c, g_i)\right) \\ c = 0.02 \text{ here, } "
        r"0.1 \text{ on real reviews} \\ \cos\theta = \frac{g \cdot g'}{\lVert g \rVert\,\lVert g' \rVert}",
        code=("sentiment_core.clipping.value:clip_value", GRADIENTS),
        notebook="Only named: the sheet asks what clipping by norm and by threshold do to length and direction, and "
        "trains with the norm.",
        look_for=(
            "Which of the two ways clips more often.",
            "How short the gradient is after clipping: the threshold is on components, not on the length.",
            "The cosine in the verdict.",
        ),
        question="How far will clipping by value turn the gradient in a usual clipped step (median cosine)?",
        choices=("Hardly: above 0.99", "Somewhat: 0.90 to 0.99", "Far: below 0.90"),
        teaches="Somewhat: 0.90 to 0.99",
        measure="turned",
        explanation="Where all of the length lies in a few large components, cutting those turns the gradient; where "
        "it is spread evenly, all are cut alike or none is, and the direction hardly changes.",
        preset="clip-value",
        compared_with="clip-norm",
        demo={"training.clip_value": 0.02},
    ),
    Lesson(
        name="initialisation",
        rung=5,
        title="Initialisation",
        summary="Xavier uniform: weights that start neither too small nor too large.",
        idea="Weights that start too small let the signal die on its way through the steps; too large, and tanh "
        "saturates, where its slope is nearly 0. Xavier chooses the spread from the number of inputs and outputs "
        "so that the variance stays about the same in both directions. PyTorch's own start for recurrent layers is "
        "uniform within 1/√H, here ±0.088; Xavier's is ±0.153 for the recurrent matrix. Here biases start at 0 then; "
        "the notebook leaves them as PyTorch draws them, and keeps Xavier in every rung from here on.",
        formula=r"W_{ij} \sim U\!\left(-\sqrt{\tfrac{6}{n_\text{in} + n_\text{out}}},\; "
        r"\sqrt{\tfrac{6}{n_\text{in} + n_\text{out}}}\right)",
        code=("sentiment_core.models.initialisation:initialise", "sentiment_core.models.initialisation:_fill"),
        notebook="No large difference.",
        look_for=(
            "The first loss: 0.693 is an honest 'no idea'; much more means confident nonsense.",
            "The gradient norm from the first step on: which start has the stronger signal, and is clipped more often?",
            "Whether the head start lasts.",
        ),
        question="How will Xavier's validation accuracy compare with PyTorch's own start?",
        choices=BETTER,
        teaches=BETTER[0],
        explanation="The spectral radius of the recurrent matrix starts near 1 with Xavier, near 0.58 with PyTorch's "
        "start: state and gradient live on for more steps. Whether that helps depends on how long the memory has to "
        "be, and on how long one trains: on the demo reviews it is ahead within these epochs, on real ones the "
        "notebook saw no large difference.",
        preset="xavier",
        compared_with="clip-norm",
        variations=(
            Variation(
                "Do the biases matter?",
                "Both with Xavier matrices: the first run's biases are as PyTorch draws them, as in the notebook.",
                SHEETS_START,
            ),
        ),
    ),
    Lesson(
        name="batch-norm",
        rung=6,
        title="Batch normalisation",
        summary="Centre and scale the word vectors and the last state over the batch.",
        idea="Each component is brought to mean 0 and variance 1 over the batch; for evaluation, running averages "
        "take the batch's place. Two things go wrong easily: statistics that count padding, and a layer that is "
        "created anew in every forward pass, which never gathers running averages. Here padding is left out and "
        "the layers belong to the model.",
        formula=r"\hat x = \frac{x - \mu_B}{\sqrt{\sigma_B^2 + \varepsilon}} \\ "
        r"\mu \leftarrow 0.9\,\mu + 0.1\,\mu_B \text{ (used in evaluation)}",
        code=("sentiment_core.models.norms:MaskedBatchNorm",),
        notebook="Not better.",
        look_for=(
            "Which loss is the steadier one? With batch norm a review's answer depends on the others in its batch.",
            "Whose gradients are longer, and whose are clipped more often at the same threshold?",
            "Batch accuracy in training against validation accuracy with running averages.",
        ),
        question="How will its validation accuracy compare with the network without batch norm?",
        choices=BETTER,
        teaches=BETTER[1],
        explanation="The notebook's layers counted padding, took the time step for the channel and were made anew in "
        "each pass: what it saw says nothing about batch norm done right. They also stood on Xavier matrices, and "
        "stayed in its forward for ReLU, the deeper head and the sweep of rates.",
        preset="batch-norm",
        compared_with="clip-norm",
        epochs=4,
        variations=(AFTER_SHEETS_START,),
    ),
    Lesson(
        name="relu",
        rung=7,
        title="ReLU before the head",
        summary="A non-linearity between the last state and the linear layer.",
        idea="The state comes out of a tanh, between −1 and 1. A ReLU in front of the linear head sets its negative "
        "half to 0: the head loses information and gains the chance to treat units as switches. The number of "
        "parameters does not change.",
        formula=r"\hat y = \sigma\!\left(w^\top \max(0, h_{\text{length}}) + b\right)",
        code=("sentiment_core.models.classifier:_build_head",),
        notebook="No help, with Xavier matrices and with the per-call batch norms of rung 6 still in its forward.",
        look_for=(
            "The first steps: about half of the state is silent. Is the gradient shorter?",
            "Whether the two loss curves differ by more than each of them wobbles.",
        ),
        question="How will its validation accuracy compare with the linear head's?",
        choices=BETTER,
        teaches=BETTER[1],
        explanation="Where the state is negative, a ReLU lets nothing through, forward or back. A difference with one "
        "seed is one draw: try another before believing it. The notebook's runs had batch norms in front of the ReLU.",
        preset="relu",
        compared_with="clip-norm",
        epochs=4,
        variations=(UNDER_SHEETS_NORMS,),
    ),
    Lesson(
        name="deep-head",
        rung=8,
        title="Deeper head",
        summary="Two layers on top of the state instead of one.",
        idea="A hidden layer of 64 units between state and answer: 8,192 more parameters, and a head that can combine "
        "features before it decides.",
        formula=r"\hat y = \sigma\!\left(w^\top \max\!\left(0, V \max(0, h_{\text{length}}) + c\right) + b\right) "
        r"\\ V \in \mathbb{R}^{64 \times 128}",
        code=("sentiment_core.models.classifier:_build_head", "sentiment_core.models.classifier:parameter_count"),
        notebook="About 0.6 to 0.7 in the first epoch, with Xavier and the per-call batch norms still in force.",
        look_for=(
            "The training loss: does it fall below that of the simpler head?",
            "Validation loss and accuracy: do they follow, or does it only remember?",
        ),
        question="How will its validation accuracy compare with the single layer's?",
        choices=BETTER,
        teaches=BETTER[1],
        explanation="A deeper head sees no more of the review: it is given the same one vector, and what the state did "
        "not keep it cannot combine.",
        preset="deep-head",
        compared_with="relu",
        variations=(UNDER_SHEETS_NORMS,),
    ),
    Lesson(
        name="learning-rates",
        rung=9,
        title="Learning rates",
        summary="Four rates from the same weights on the same batches.",
        idea="The rate decides how far each update goes. Too small, and the budget ends before anything is learned; "
        "too large, and every step overshoots. A fair sweep gives every rate the same batches and the same starting "
        "weights. And it chooses on validation reviews. The notebook has none: it looks at the test set after every "
        "epoch and chooses there, so its test accuracy is no longer that of reviews it never saw. Here the test part "
        "is read once, at the end.",
        formula=r"\theta \leftarrow \theta - \eta \,\frac{\hat m}{\sqrt{\hat v} + \varepsilon} \\ "
        r"\eta \in \{10^{-3}, 10^{-1}, 10^{-2}, 10^{-4}\}",
        code=(
            "sentiment_core.training.optimisation:build_optimizer",
            "sentiment_core.training.stepper:Stepper._update",
        ),
        notebook="One epoch each: 0.1 ends at 0.50; 0.01 looks usable. Its matrices were drawn anew with Xavier for "
        "each rate, biases went on from rate to rate, and the per-call batch norms were still in force.",
        look_for=(
            "The loss of the largest rate in its first ten steps.",
            "Which rate moves least, and whether it is wrong or only slow.",
            "Is 0.01 usable here, as the notebook found with batches four times as large?",
        ),
        question="Which rate will have the best validation accuracy after two epochs?",
        choices=("0.001", "0.1", "0.01", "0.0001"),
        teaches="0.001",
        measure="best",
        explanation="Adam's first step has the length of the rate in every component. The weights start within ±0.088, "
        "those of the last layer within ±0.125: a rate of 0.1 moves all but a fifth of the last layer's by more "
        "than its starting value at once.",
        preset="learning-rates",
        compared_with="deep-head",
        epochs=2,
        variations=(UNDER_SHEETS_NORMS,),
    ),
    Lesson(
        name="attention",
        rung=10,
        title="Attention",
        summary="Let the last state ask all the others, and read a weighted sum.",
        idea="So far one vector had to carry the whole review to its end. Attention keeps all states: each is scored "
        "against the last one, scores become weights that add up to 1 over the real tokens, and the head reads the "
        "weighted sum. Dot-product attention has no parameter of its own. One layer norm comes before the recurrence, "
        "and so before the scores: every word vector enters with the same length. The other comes after them, on the "
        "weighted sum.",
        formula=r"q = h_T, \quad s_i = h_i \cdot q \\ a = \operatorname{softmax}(s) \text{ over real tokens} \\ "
        r"r = \sum_{i=1}^{T} a_i h_i",
        code=(
            "sentiment_core.models.pooling:DotAttention.scores",
            "sentiment_core.models.pooling:Attention.forward",
            "sentiment_core.models.pooling:masked_softmax",
        ),
        notebook="0.75 inside the first epoch of ten; its matrices start with Xavier, and its mask stops one token "
        "early.",
        look_for=(
            "How early its loss falls. The gradient has a short way to every state now.",
            "The gradient norm, and how often it is clipped.",
            "Whether the head start lasts: give both more epochs in Train.",
            "What the notebook's rate of 0.001 does, twice as high as here: clear with some seeds, not with others.",
            "Afterwards: open the trained model in Explain and see which words have weight.",
        ),
        question="After two epochs, how will its validation accuracy compare with the deeper head's without attention?",
        choices=BETTER,
        teaches=BETTER[0],
        explanation="Every state is one weighted sum away from the answer: beside the way through a hundred "
        "multiplications there is a short one. Two layer norms came with it, so this pair of runs cannot tell how much "
        "is due to the attention alone.",
        preset="attention",
        compared_with="deep-head",
        epochs=2,
        demo={"training.learning_rate": 5e-4},
        variations=(AFTER_SHEETS_START,),
    ),
    Lesson(
        name="reference",
        rung=None,
        title="The bar: elastic net",
        summary="A linear model on the average word vector, without any sequence.",
        idea="Average a review's word vectors and fit a logistic regression with an elastic-net penalty: no order, no "
        "recurrence, seconds of training. Counting words and pairs of words (TF-IDF, logistic regression) is the "
        "harder bar: a network has to beat that before its order of words is worth its cost. And it has to beat it on "
        "reviews that chose nothing: the notebook chose everything on its test set.",
        formula=r"\min_{w, b}\; \frac1N \sum_n \log\!\left(1 + e^{-y_n (w^\top \bar x_n + b)}\right) \\ "
        r"{} + \lambda\!\left(\alpha \lVert w \rVert_1 + \tfrac{1 - \alpha}{2} \lVert w \rVert_2^2\right) \\ "
        r"\bar x_n = \frac1{T_n} \sum_{t} x_{n,t}",
        code=(),
        notebook="Test accuracy 0.79.",
        look_for=(
            "Which rung is the first to pass it on real reviews?",
            "What can a mean of word vectors not know? 'Not good, but not bad either.'",
        ),
    ),
)
_BY_NAME = {item.name: item for item in LESSONS}


def lesson(name: str) -> Lesson:
    """Return a lesson by its link's name; raise `NotFoundError` naming those there are."""
    if name not in _BY_NAME:
        raise NotFoundError(f"there is no lesson {name[:40]!r}; choose one of {', '.join(_BY_NAME)}")
    return _BY_NAME[name]
