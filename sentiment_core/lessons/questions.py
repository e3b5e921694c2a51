"""The sheet's theory questions: asked, looked at, answered. The model answers are ours."""

from __future__ import annotations

from dataclasses import dataclass

from sentiment_core.errors import NotFoundError
from sentiment_core.lessons.places import Place, lab, lesson


@dataclass(frozen=True)
class Question:
    """A question: `look` says what to look at in `places` before one compares with the model `answer`.

    The answer's points are parted by empty lines. `sources` name entries of `SOURCES`.
    """

    name: str
    title: str
    asks: str
    answer: str
    look: str
    places: tuple[Place, ...]
    sources: tuple[str, ...]

    @property
    def points(self) -> list[str]:
        """The model answer, point by point."""
        return [" ".join(point.split()) for point in self.answer.split("\n\n")]


# Where to look for BERT: a place for a question is one line.
BERT: dict[str, tuple[Place, ...]] = {
    "2a": (lab("bert", "BERT lab: who attends to whom", "Attention", view="attention"),),
    "2b": (lab("bert", "BERT lab: with and without a part of the loss", "Train it", view="train"),),
    "2c": (lab("bert", "BERT lab: fill in words", "BERT"),),
    "2d": (lab("bert", "BERT lab: what is masked in a batch", "A batch", view="batch"),),
    "2e": (lab("bert", "BERT lab: attention of [CLS]", "Attention", view="attention"),),
    "2f": (lab("bert", "BERT lab: positions", "Positions", view="positions"),),
}
_READ = "Read section 1.3 of the chapter; then look at a small one that has been trained here."


def _about_bert(name: str, title: str, asks: str, answer: str) -> Question:
    return Question(name, title, asks, answer, _READ, BERT.get(name, ()), ("foundations",))


QUESTIONS: tuple[Question, ...] = (
    Question(
        "1a",
        "How weights start",
        "Why does it matter how the weights of a deep network start? How are they chosen in an educated way?",
        """
        A signal passes many layers, or time steps, and each multiplies it. Weights that are too small let activations
        and gradients shrink towards 0, too large ones let them grow or saturate the non-linearity. Either way early
        layers learn nothing. Equal weights are worst: units that start alike get the same gradient and stay alike.

        So one draws them at random, with a spread that keeps the variance of activations about the same from layer to
        layer. A sum over n inputs has n times the variance of one term, so weights get variance about 1/n.

        Xavier: variance 2 / (n_in + n_out), a compromise between forward and backward, for tanh. He: 2 / n_in,
        because ReLU removes half of the signal. A gain corrects for the non-linearity: √2 for ReLU, 5/3 for tanh,
        which squeezes a little every time. Recurrent matrices are often orthogonal: they keep lengths.

        At the output the first loss should be that of guessing, ln 2 for two classes, ln 27 for 27 characters: a much
        larger one means confident nonsense, and the first updates are spent on undoing it.
        """,
        "Turn the gain in the bench and watch what is left of activations and gradients at the first word. Then the "
        "deep network of makemore part 3, and the start in which all units are equal.",
        (
            lab("initialisation", "Initialisation bench", "Initialisation bench"),
            lesson("initialisation", "Rung 5: Xavier", "5 · Initialisation"),
        ),
        ("makemore", "initialisation"),
    ),
    Question(
        "1b",
        "Saturation",
        "What is a saturated tanh, and why is it a problem? Can it happen with ReLU or with sigmoid?",
        """
        tanh is saturated where its output is close to −1 or 1. Its slope is 1 − tanh², almost 0 there, and the
        gradient is multiplied by that slope on its way back: what comes before hardly learns. A usual line is
        |tanh| > 0.97, where the slope is below 0.06.

        Sigmoid saturates in the same way, at 0 and at 1, and is worse: its slope σ(1 − σ) is 0.25 at best, so every
        layer takes away at least three quarters, even where nothing is saturated.

        ReLU does not saturate above 0, its slope is 1 however large the input. Below 0 its slope is exactly 0. A unit
        that is below 0 for every input gets no gradient at all and cannot come back by itself: it is dead, which is
        saturation on one side. Too high a rate or a very negative bias does that.
        """,
        "Widen the pre-activations in the saturation lab, then change the function. Shift them with ReLU until units "
        "die. In the glass RNN a trained network's saturated units glow, word by word.",
        (
            lab("saturation", "Saturation lab", "Saturation lab"),
            lab("saturation", "ReLU, shifted until units die", "are dead", function="relu", shift="-4"),
            lab("glass-rnn", "Glass RNN: saturated units glow", "Glass RNN"),
        ),
        ("makemore",),
    ),
    Question(
        "1c",
        "Batch normalisation",
        "Explain batch normalisation in your own words. What differs between training and testing?",
        """
        For each feature, subtract the mean over the batch and divide by the standard deviation over the batch, so
        that it has mean 0 and variance 1 whatever the layers before do; then multiply by a learned γ and add a
        learned β, so that the network can undo it where that is better.

        In training, mean and variance are those of the present batch, and the gradient flows through them. A review's
        answer therefore depends a little on which reviews share its batch, which is noise and acts like a
        regulariser. On the side, running averages of mean and variance are kept.

        In testing, these running averages take the batch's place. An answer then depends on its review alone, and a
        batch of one is no problem. That is why model.train() and model.eval() matter.

        With padded reviews the padding must not be counted. A layer that is made anew inside forward has no running
        averages and never learns γ and β.
        """,
        "Score one review inside different batches, in both modes; then watch the running statistics settle.",
        (
            lab("batch-norm", "Batch norm, training and testing", "Batch norm, training and testing"),
            lab("batch-norm", "Running statistics", "running variance", view="running"),
            lesson("batch-norm", "Norms made anew in each pass", "Norms made anew", mistake="norm_per_call"),
        ),
        ("makemore",),
    ),
    _about_bert(
        "2a",
        "BERT: encoder or decoder",
        "Is BERT an encoder or a decoder? What does that mean for what it reads?",
        """
        An encoder: the encoder half of the Transformer and nothing else.

        Its self-attention has no causal mask. Every token sees all others, to the left and to the right, in every
        layer, so its vector depends on the whole text. A decoder such as GPT sees only what comes before, because it
        has to predict the next word.

        So BERT gives a vector for each token, made for understanding: classifying, tagging, finding an answer. It is
        not made to write text from left to right.
        """,
    ),
    _about_bert(
        "2b",
        "BERT: the loss",
        "Which parts does BERT's loss have, and how are they put together?",
        """
        Two: the masked language model's and that of next-sentence prediction. They are added: L = L_MLM + L_NSP.

        L_MLM is the cross-entropy between the predicted distribution over the vocabulary and the true token, at the
        chosen positions only (about 15 %), as a mean. All other positions say nothing about it.

        L_NSP is the cross-entropy of one decision for each pair of sentences, is next or is not, read from the vector
        of [CLS].

        Both are minimised together, over the same network; only the two small heads on top differ.
        """,
    ),
    _about_bert(
        "2c",
        "BERT: its two tasks",
        "What do the masked language model and next-sentence prediction ask of the network?",
        """
        Masked language model: some tokens are hidden, and each is to be predicted from everything else, left and
        right. A plain language model that saw both sides would see the answer; hiding is what makes two-sided reading
        possible. It learns words in context.

        Next-sentence prediction: two segments A and B, in half of the examples B really follows A, in the other half
        it comes from elsewhere. The network says which. It is to learn how sentences relate.

        Neither needs labels made by people. Later work (RoBERTa) found that the second adds little.
        """,
    ),
    _about_bert(
        "2d",
        "BERT: masking",
        "How are tokens masked in training, and why in that way?",
        """
        15 % of the tokens are chosen. Of these, 80 % are replaced by [MASK], 10 % by a random token, and 10 % stay as
        they are. The loss asks about all of the chosen ones.

        Why not all [MASK]: that token never occurs later, when the network is used. If it had to answer at [MASK]
        only, it could neglect its vectors for real words.

        The random ones: any word may be wrong, so context has to be used everywhere. The unchanged ones: a real word
        may also be right, so its vector must keep what the word says.

        Why 15 %: fewer give little to learn from in each text, more leave too little context to predict from.
        """,
    ),
    _about_bert(
        "2e",
        "BERT: [CLS]",
        "What is [CLS] for?",
        """
        It is a token put in front of every input. It is no word, so its vector in the last layer is free to gather,
        through attention, what concerns the whole text.

        Next-sentence prediction reads that vector. For classifying a text, such as a review, a small head is put on
        top of it and trained further.

        It plays the part of the last state in our RNN: one vector for a whole review. Attention gives it a way of one
        step to every token.
        """,
    ),
    _about_bert(
        "2f",
        "BERT: positions",
        "What is positional encoding, and why is it needed?",
        """
        Self-attention compares vectors and adds them up; it does not know where they stand. Without more, a text and
        its shuffled words would give the same vectors in another order: 'dog bites man' would be 'man bites dog'.

        So each position has a vector of its own that is added to the word's before the first layer. In BERT these are
        learned, one for each of 512 positions; the first Transformer used sines and cosines of many wavelengths.

        An RNN needs none: it reads one word after the other, order is built in.
        """,
    ),
)
_BY_NAME = {item.name: item for item in QUESTIONS}


def question(name: str) -> Question:
    """Return a theory question by its name; raise `NotFoundError` naming those there are."""
    if name not in _BY_NAME:
        raise NotFoundError(f"there is no question {name[:20]!r}; choose one of {', '.join(_BY_NAME)}")
    return _BY_NAME[name]
