"""Word vectors of one's own read for the first time, as a job: what a file or a name of gensim's downloader holds."""

from __future__ import annotations

from dataclasses import dataclass

from sentiment_core.progress import Progress
from sentiment_core.work.kinds import Kind


@dataclass(frozen=True)
class VectorsQuestion:
    """Which vectors: `data.vectors`, a file or a name."""

    vectors: str


@dataclass(frozen=True)
class VectorsFound:
    """What they are called on disk (`embeddings.load_saved`), how many words they have and of how many components."""

    key: str
    words: int
    components: int


VECTORS = Kind(
    "vectors", "Reading word vectors", VectorsQuestion, VectorsFound, "sentiment_core.data_view.own_vectors:run"
)


def run(question: VectorsQuestion, progress: Progress) -> VectorsFound:
    """Read and convert what `question` names; raises `EmbeddingsError` and `StoreError`."""
    # Imported late: a page that asks has no use for it.
    from sentiment_core.embeddings import own_vectors

    found = own_vectors(question.vectors, progress)
    return VectorsFound(found.key, len(found.words), found.dim)
