"""The sheet's six questions about BERT as lessons: predict, train a small one, read what it measured, compare.

The model answer of each is that of the sheet (`questions.py`). What is said of measurements is computed from the runs,
from recordings, and from the card of the model that ships.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sentiment_core.artifacts import MODEL
from sentiment_core.config import ExperimentConfig, from_fields
from sentiment_core.findings.masked_words import NO_ONE, Held, Reached, best_of
from sentiment_core.findings.recorded_tuning import TUNINGS
from sentiment_core.findings.verdict import Verdict
from sentiment_core.lessons.places import Place
from sentiment_core.lessons.questions import Question, question
from sentiment_core.number_words import percent
from sentiment_core.presets import preset
from sentiment_core.shipped_bert import FOLDER

# words: which run fills in masked words best; tasks: which tasks one run does better than guessing; answer: which run
# is the more accurate one about reviews.
Measure = Literal["words", "tasks", "answer"]

WORTH = ("Clearly more accurate", "Not clearly more accurate")
BOTH, WORDS_ONLY, PAIRS_ONLY, NEITHER = (
    "Both of them",
    "Only the masked words",
    "Only the next sentence",
    "Neither of them",
)
TRANSFORMER, MASKED, PAIRS = (f"sentiment_core.{module}" for module in ("models.transformer", "models.masked", "pairs"))


@dataclass(frozen=True)
class BertLesson:
    """One of the six. `asked` names the sheet's question; `preset` is the experiment, `measure` what picks the choice,
    `teaches` the choice that it teaches; what its default comes to stands in `docs/lessons.md`.

    `formula` is LaTeX, its lines parted by a double backslash. `code` holds references `module:definition`.
    """

    name: str
    asked: str
    summary: str
    idea: str
    formula: str
    code: tuple[str, ...]
    look_for: tuple[str, ...]
    question: str
    teaches: str
    measure: Measure
    preset: str
    explanation: str

    @property
    def of_sheet(self) -> Question:
        """The sheet's question, with its model answer and where to look."""
        return question(self.asked)

    @property
    def title(self) -> str:
        """What the lesson is called: as the sheet's question."""
        return self.of_sheet.title

    @property
    def heading(self) -> str:
        """Its title with the number on the sheet."""
        return f"{self.asked[0]} {self.asked[1:]} · {self.title}"

    @property
    def places(self) -> tuple[Place, ...]:
        """Where in the app to look."""
        return self.of_sheet.places

    @property
    def choices(self) -> tuple[str, ...]:
        """What can be predicted."""
        if self.measure == "words":
            return (*(run.name for run in preset(self.preset).config.runs), NO_ONE)
        return WORTH if self.measure == "answer" else (BOTH, WORDS_ONLY, PAIRS_ONLY, NEITHER)


BERT_LESSONS: tuple[BertLesson, ...] = (
    BertLesson(
        name="bert-encoder-or-decoder",
        asked="2a",
        summary="One network twice: each word sees both sides, or only what came before it. The mask is all.",
        idea="Self-attention compares each token with all others and takes a weighted mean of what they say. Which "
        "others is decided by a mask on the scores: with none, every token sees both sides and the network is an "
        "encoder; with the upper triangle at minus infinity, a token sees only itself and what came before, and the "
        "same network is a decoder. Weights, parameters and everything else are alike.",
        formula=r"\text{softmax}\!\left(\frac{Q K^\top}{\sqrt{d}} + M\right) V \\ "
        r"M_{ij} = 0 \text{ (encoder)} \quad M_{ij} = -\infty \text{ for } j > i \text{ (decoder)}",
        code=(f"{TRANSFORMER}:reach", f"{TRANSFORMER}:SelfAttention.forward"),
        look_for=(
            "The loss of the masked words beside the line of guessing by frequency: which run falls below it first?",
            "The next sentence: [CLS] stands first. What can it see in a decoder?",
        ),
        question="A word is masked. Which of the two will fill in the test's masked words better?",
        teaches="decoder",
        measure="words",
        preset="bert-direction",
        explanation="They differ in the mask alone, and after so few updates the one that reads less is ahead. What "
        "comes after a gap says as much about it as what comes before, so that there is more for an encoder to learn: "
        "whether it catches up, more epochs in Train will tell. A decoder's [CLS] reads nothing at all but itself, so "
        "that no pair can be told from another by it.",
    ),
    BertLesson(
        name="bert-loss",
        asked="2b",
        summary="Two parts, added: the masked words and the next sentence. What does the one do without the other?",
        idea="At the chosen places the network answers with a distribution over all word pieces; from [CLS] it answers "
        "with one probability, that the second segment follows. Both answers have their cross-entropy, and the sum is "
        "what is minimised: one backward pass carries both gradients through the same layers. All places that were not "
        "chosen add nothing.",
        formula=r"L = \underbrace{-\frac1{|C|}\sum_{i \in C} \log p(x_i \mid \tilde x)}_{\text{masked words}} "
        r"\;\underbrace{-\,\log p(y \mid h_{\text{[CLS]}})}_{\text{next sentence}}",
        code=(
            f"{MASKED}:MaskedLanguageModel.forward",
            "sentiment_core.training.pretraining:PretrainingTask.loss",
        ),
        look_for=(
            "Each part beside its own guess: the frequencies of the pieces, and ln 2 = 0.693 for the pairs.",
            "What becomes of the next sentence where nobody asks for it in training.",
        ),
        question="Trained on both parts: which of its two tasks will the first run do clearly better than by guessing?",
        teaches=WORDS_ONLY,
        measure="tasks",
        preset="bert-next-sentence",
        explanation="A part that is added to the loss is minimised, which does not mean that it is learned. The two "
        "share all layers, so each can help the other or stand in its way: what the words gain by the second part is "
        "little here and differs from seed to seed. Without it nothing teaches [CLS] to say anything about the pair.",
    ),
    BertLesson(
        name="bert-two-tasks",
        asked="2c",
        summary="Fill in words, judge pairs: which of the two is learned first, and which is learned at all?",
        idea="Both tasks make their own labels from plain text. Masked words ask about context near and far, at one "
        "place in seven or so. The next sentence asks once a pair, yes or no, and half of the pairs are strangers. "
        "Here a stranger is as long as the segment it stands for and begins with as long a sentence: else lengths "
        "alone would give the answer away.",
        formula=r"p(x_i \mid \tilde x) = \text{softmax}(E\, f(h_i) + b)_{x_i} \\ "
        r"p(\text{next}) = \sigma\!\left(w^\top \tanh(W h_{\text{[CLS]}})\right)",
        code=(f"{PAIRS}:pair_up", f"{MASKED}:MaskedLanguageModel"),
        look_for=(
            "When the loss of the words leaves the line of guessing by frequency.",
            "Whether the loss of the pairs leaves ln 2 = 0.693 at all.",
        ),
        question="Which of its two tasks will this network do clearly better than by guessing, on the test pairs?",
        teaches=WORDS_ONLY,
        measure="tasks",
        preset="bert-mlm",
        explanation="A batch of 32 pairs has 32 answers about pairs, and one about words for every seven pieces: words "
        "teach far more at once. RoBERTa (Liu et al. 2019) left the next sentence out and lost nothing.",
    ),
    BertLesson(
        name="bert-masking",
        asked="2d",
        summary="80 % [MASK], 10 % another word, 10 % left as they are: why not always [MASK]?",
        idea="15 % of the pieces are chosen, and the loss asks about these alone. Of these 80 % become [MASK], "
        "10 % any other piece and 10 % stay. The test chooses and masks in that way for both networks here, whatever "
        "they learned with: so it has words that are wrong without saying so, and words that are right.",
        formula=r"\tilde x_i = \begin{cases} \text{[MASK]} & 80\,\% \\ \text{any piece} & 10\,\% \\ "
        r"x_i & 10\,\% \end{cases} \qquad i \in C,\; |C| \approx 15\,\%",
        code=(f"{PAIRS}:masked_pairs",),
        look_for=(
            "The training loss: always [MASK] is the easier exercise, for the network is told where to answer.",
            "The validation loss, which is masked alike for both: does the lead hold there?",
        ),
        question="Which of the two will fill in the test's chosen words better?",
        teaches="80/10/10",
        measure="words",
        preset="bert-masking",
        explanation="A network that was always told where the gaps are need not look at real words with suspicion, and "
        "need not keep what a real word says. Later, when it is used, there is no [MASK].",
    ),
    BertLesson(
        name="bert-cls",
        asked="2e",
        summary="One vector for a whole review: put a head on [CLS] and train on. What was pre-training worth?",
        idea="[CLS] stands before every review and is no word: through attention its vector gathers what the answer "
        "needs. Fine-tuning puts one linear layer on it and trains everything on labelled reviews. The twin is the "
        "same network with the same pieces and the same batches, but its weights are drawn: all that differs is what "
        "it starts from.",
        formula=r"\hat y = \sigma\!\left(w^\top \tanh(W h_{\text{[CLS]}} + b) + c\right)",
        code=("sentiment_core.models.reviews:ReviewTransformer", "sentiment_core.training.pretrained:take_over"),
        look_for=(
            "The first updates: the pre-trained weights know the words, the answer's layer knows nothing yet.",
            "Validation accuracy after each epoch: does the one from scratch catch up?",
            "Afterwards: open both in Explain and see where [CLS] looks.",
        ),
        question="Same batches: will the fine-tuned network be more accurate on validation reviews than the other?",
        teaches=WORTH[1],
        measure="answer",
        preset="bert-finetune",
        explanation="A pre-trained start is worth what was learned before it. BERT itself had read 3.3 billion words; "
        "the model that this starts from is small and has read the demo reviews alone.",
    ),
    BertLesson(
        name="bert-positions",
        asked="2f",
        summary="Attention does not know where a word stands. Take positions away, then shuffle the words too.",
        idea="Self-attention treats its input as a set: swap two words and their vectors are swapped, nothing else. A "
        "vector for each position, added to the word's, tells it where words stand. Without positions a network fills "
        "a gap from which words are near the review's, not from where they stand: then it should lose nothing more "
        "when they are shuffled in training.",
        formula=r"x_i = E_{\text{word}} + E_{\text{segment}} + P_i \\ "
        r"P_{i,2k} = \sin\!\left(i / 10000^{2k/H}\right) \quad P_{i,2k+1} = \cos\!\left(i / 10000^{2k/H}\right)",
        code=(f"{TRANSFORMER}:sinusoidal", f"{TRANSFORMER}:Transformer.read"),
        look_for=(
            "How soon the run with positions parts from the others.",
            "The two without positions: one of them reads shuffled words in training, and the test shuffles nothing.",
        ),
        question="Which one will fill in the test's masked words better than the other two?",
        teaches="sinusoidal",
        measure="words",
        preset="bert-positions",
        explanation="Two gaps in a text look alike to a network without positions: it gives them the same guesses, "
        "whatever stands beside each. The Positions view of the lab shows it on models that ship.",
    ),
)
_BY_NAME = {item.name: item for item in BERT_LESSONS}


def bert_lesson(name: str) -> BertLesson | None:
    """Return the lesson of that name, None where it is none of these."""
    return _BY_NAME.get(name)


def bert_experiment(item: BertLesson, changes: Mapping[str, Any] | None = None) -> ExperimentConfig:
    """Return a lesson's experiment, with dotted fields of all its runs replaced; raise `ConfigError` for bad ones."""
    config = from_fields({"name": f"Lesson: {item.title}"}, preset(item.preset).config)
    return from_fields(changes or {}, config)


def choice_of_words(held: Sequence[Held]) -> str | None:
    """Return which run fills in words best, `NO_ONE` where none clearly does; None before any has learned to."""
    return (best_of(held) or NO_ONE) if any(one.readers for one in held) else None


def choice_of_tasks(found: Reached) -> str:
    """Return which of its two tasks a network does clearly better than by guessing."""
    words, pairs = found.words.high < found.guess, found.pairs.low > 0.5
    return {(True, True): BOTH, (True, False): WORDS_ONLY, (False, True): PAIRS_ONLY}.get((words, pairs), NEITHER)


def choice_of_answers(verdict: Verdict) -> str | None:
    """Return whether the last run is clearly more accurate than the first; None where that was not measured."""
    if not verdict.comparisons or verdict.comparisons[-1].interval is None:
        return None
    return WORTH[0 if verdict.comparisons[-1].better else 1]


def also_measured(item: BertLesson) -> str | None:
    """Return what was measured besides: of the models that ship, or of fine-tuning on real reviews; None where nothing
    was, or it is not known. Raises `StoreError` for a damaged recording.
    """
    if item.measure == "answer":
        return " ".join(TUNINGS.read().sentences)
    names = {
        "bert-two-tasks": ("bert-reviews", "bert-encoder"),
        "bert-positions": ("bert-encoder", "bert-no-positions"),
    }
    listed = [told for name in names.get(item.name, ()) if (told := _reached(name))]
    if not listed or len(listed) < len(names[item.name]):
        return None
    return f"Models that ship, one seed, on their test pairs: {'; '.join(listed)}."


def _reached(name: str) -> str | None:
    try:
        found = json.loads((FOLDER / name / MODEL).read_text(encoding="utf-8"))["details"]["test"]
        words, guess, pairs = (float(found[key]) for key in ("test_word_loss", "word_guess", "test_pair_accuracy"))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return (
        f"{name}, masked words {words:.2f} nats (guessing {guess:.2f}), next sentences {percent(pairs)} (guessing 50%)"
    )
