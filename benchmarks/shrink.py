"""A trained model made small enough to ship: fewer words, half precision, its own vocabulary beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sentiment_core.corpus import Corpus
from sentiment_core.datasets import TRAIN
from sentiment_core.errors import CheckpointError
from sentiment_core.training.checkpoints import EMBEDDING, OWN, VOCABULARY, load_model, write_model


def shrink(folder: Path, target: Path, corpus: Corpus, words: int, **details: Any) -> None:
    """Write the model of `folder` to `target` with the `words` most frequent words of its training reviews.

    `corpus` is what it was trained on. The result needs no other vectors: they are kept in half precision beside the
    weights, so words that fall out become unknown. Raises `CheckpointError` and `StoreError`.
    """
    saved = load_model(folder)
    kept = frequent_words(corpus, words)
    if EMBEDDING in saved.tensors:
        if not np.array_equal(saved.tensors[VOCABULARY].numpy(), corpus.vocabulary):
            raise CheckpointError("the model was trained on other reviews than these; give the file it was trained on")
        rows = saved.tensors[EMBEDDING][torch.from_numpy(kept)]
    else:
        rows = torch.from_numpy(corpus.matrix[kept])
    table = torch.cat([torch.zeros(1, rows.shape[1]), rows.float()])
    tensors = {name: tensor for name, tensor in saved.tensors.items() if name not in {EMBEDDING, VOCABULARY}}
    tensors[EMBEDDING] = table
    half = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
    target.mkdir(parents=True, exist_ok=True)
    spelled = [corpus.vectors.words[index - 1] for index in corpus.vocabulary[kept]]
    (target / "words.json").write_text(json.dumps(spelled, ensure_ascii=False), encoding="utf-8")
    write_model(target, half, saved.config, OWN, {**saved.details, **details})


def frequent_words(corpus: Corpus, count: int) -> np.ndarray:
    """Return local ids `(≤ count,)` of the words that the training reviews use most, most frequent first.

    Only what the model read counts: tokens beyond the longest review do not.
    """
    uses = np.zeros(len(corpus.vocabulary), dtype=np.int64)
    for index in np.flatnonzero(corpus.parts == TRAIN):
        start = corpus.offsets[index]
        np.add.at(uses, corpus.token_ids[start : start + corpus.lengths[index]], 1)
    uses[0] = 0
    order = np.argsort(-uses, kind="stable")[:count]
    return order[uses[order] > 0]
