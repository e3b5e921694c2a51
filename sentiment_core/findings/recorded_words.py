"""What recorded pre-trainings came to: measured once by `benchmarks`, on test pairs that do not ship."""

from __future__ import annotations

from dataclasses import dataclass

from sentiment_core.findings.documents import Document
from sentiment_core.findings.masked_words import Held, Reached, Share
from sentiment_core.number_words import counted

# The pre-training on real reviews.
PRETRAINING = "bert-reviews"
# Presets whose twins are recorded, each for a question, and what else there is to see in them.
TWINS = {
    "bert-positions": "Without positions order is lost. Does shuffling matter then? The test shuffles nothing.",
    "bert-direction": "Each word sees both sides, or only what came before it.",
    "bert-masking": "Always [MASK] is the easier exercise. The test masks 80/10/10 for both: what is the catch?",
    "bert-mask-share": "40 % teach more at once and leave less to read. The test chooses 15 % for both.",
    "bert-next-sentence": "Without the next-sentence loss: do the words gain, and what becomes of [CLS]?",
}


@dataclass(frozen=True)
class Recorded:
    """What a recording came to: `reached` by its only run, or its runs `held` against each other.

    `machine` computed it, with `threads`, in `cpu_seconds` of processor time for all runs together. `by_words` is the
    share of the same pairs that the words which two segments have in common name rightly, without a network.
    """

    held: tuple[Held, ...]
    reached: Reached | None
    machine: str
    threads: int
    cpu_seconds: float
    by_words: Share | None = None

    @property
    def sentences(self) -> list[str]:
        """What its only run reached, and what of the next sentences the words alone give away."""
        if self.reached is None:
            return []
        told, words, pairs = self.reached.sentences, self.by_words, self.reached.pairs
        if words is None:
            return told
        measured = (
            f"The words that two segments have in common (tf-idf cosine, without order or network) name "
            f"{100 * words.value:.1f} % ± {100 * words.half:.1f} of these pairs: neighbours speak of one topic."
        )
        if pairs.high < words.low:
            against = "The network does not compare words over the gap as well as that."
        elif pairs.low > words.high:
            against = "The network tells more than that."
        else:
            against = "Whether the network tells more, these pairs do not say."
        return [*told, f"{measured} {against}"]

    @property
    def cost(self) -> str:
        """Return in words what it took, such as `3.5 minutes of processor time, 1 thread, AMD EPYC`."""
        minutes = f"{self.cpu_seconds / 60:.1f} minutes of processor time"
        return f"{minutes}, {counted(self.threads, 'thread')}, {self.machine}"


@dataclass(frozen=True)
class Pretrainings:
    """What each of the `recordings`, by their names, came to."""

    recordings: dict[str, Recorded]


PRETRAININGS = Document("masked-words.json", Pretrainings, "pre-training")
