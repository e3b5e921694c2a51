"""What the exercise sheet sends its readers to, outside: named so that it can be found without a link, too."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """A video, an article, a chapter or a page of documentation; `part`: what to look at in it; no `url`: the sheet's.

    `lessons` are those it belongs to.
    """

    title: str
    part: str
    url: str = ""
    lessons: tuple[str, ...] = ()


_TORCH = "https://docs.pytorch.org/docs/stable/"
SOURCES: dict[str, Reference] = {
    "makemore": Reference(
        "Andrej Karpathy, video: Building makemore, part 3: Activations & Gradients, BatchNorm",
        "until 1:18:34",
        "https://www.youtube.com/watch?v=P6sfmUTpUmc",
        ("initialisation", "batch-norm"),
    ),
    "initialisation": Reference(
        "deeplearning.ai, AI Notes: Initializing neural networks",
        "why weights that are too small or too large stop learning",
        "https://www.deeplearning.ai/ai-notes/initialization/index.html",
        ("initialisation",),
    ),
    # The sheet's own are not known here; what stands here is on the same, and says so.
    "clipping-video": Reference(
        "AssemblyAI, video: Gradient Clipping for Neural Networks",
        "by value and by norm, under four minutes; the sheet has the address of its own video",
        "https://www.youtube.com/watch?v=KrQp1TxTCUY",
        ("clip-norm",),
    ),
    "clipping-article": Reference(
        "neptune.ai blog, article: Understanding Gradient Clipping (and How It Can Fix Exploding Gradients Problem)",
        "kinds of clipping, with code; the sheet has the address of its own article",
        lessons=("clip-norm",),
    ),
    "pascanu": Reference(
        "Pascanu, Mikolov, Bengio 2013: On the difficulty of training recurrent neural networks",
        "section 3.2: scaling down the gradients; arXiv 1211.5063",
        "https://arxiv.org/abs/1211.5063",
        ("gradient-norm", "clip-norm", "clip-value"),
    ),
    "foundations": Reference(
        "Xiao & Zhu: Foundations of Large Language Models",
        "section 1.3, BERT; arXiv 2501.09223",
        "https://arxiv.org/abs/2501.09223",
    ),
    "pad_sequence": Reference(
        "PyTorch: torch.nn.utils.rnn.pad_sequence",
        "batch_first and padding_value",
        f"{_TORCH}generated/torch.nn.utils.rnn.pad_sequence.html",
        ("padded-last-state",),
    ),
    "data": Reference(
        "PyTorch: torch.utils.data",
        "Dataset, DataLoader, and collate_fn for samples of different length",
        f"{_TORCH}data.html",
        ("padded-last-state",),
    ),
    "gather": Reference(
        "PyTorch: torch.gather",
        "the index has as many axes as the input",
        f"{_TORCH}generated/torch.gather.html",
        ("last-state",),
    ),
    "arange": Reference(
        "PyTorch: torch.arange",
        "row numbers, positions for a mask",
        f"{_TORCH}generated/torch.arange.html",
        ("last-state", "attention"),
    ),
}


def sources_of(lesson: str) -> tuple[Reference, ...]:
    """Return the outside sources that belong to a lesson."""
    return tuple(source for source in SOURCES.values() if lesson in source.lessons)
