"""The sentiment task on word pieces: a Transformer answers from [CLS], from scratch or from pre-trained weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from sentiment_core.architecture import SPECIAL_IN_REVIEW
from sentiment_core.config import ExperimentConfig
from sentiment_core.corpus import PieceCorpus, prepare_pieces
from sentiment_core.datasets import TRAIN, Reviews
from sentiment_core.models import Network
from sentiment_core.models.reviews import build_review_transformer
from sentiment_core.remarks import PIECES
from sentiment_core.training.checkpoints import save_with_pieces
from sentiment_core.training.device import free_memory
from sentiment_core.training.memory import check_loaded
from sentiment_core.training.pretrained import load_pretrained, take_over
from sentiment_core.training.sentiment import ReviewTask
from sentiment_core.training.task import Show
from sentiment_core.wordpiece import WORDPIECE_VERSION, WordPieces, learn_wordpieces


class FineTuningTask(ReviewTask[PieceCorpus]):
    """Learns from reviews as word pieces."""

    reader_of_words = PIECES

    def encoded(self, config: ExperimentConfig, reviews: Reviews, show: Show) -> list[PieceCorpus]:
        corpora: dict[str, PieceCorpus] = {}
        found = []
        for run in config.runs:
            single = config.resolve(run)
            pieces = _pieces(single, reviews, show)
            key = f"{single.data.model_dump_json()}|{pieces.text}"
            if key not in corpora:
                corpora[key] = prepare_pieces(single.data, reviews, pieces, show)
            found.append(corpora[key])
        return found

    def check_memory(self, config: ExperimentConfig, data: Sequence[PieceCorpus], device: torch.device) -> None:
        check_loaded(
            config.model_copy(update={"device": device.type}),
            longest=max(int(corpus.lengths.max()) for corpus in data),
            words=max(len(corpus.pieces) for corpus in data),
            free=free_memory(device),
        )

    def models(
        self, configs: Sequence[ExperimentConfig], data: Sequence[PieceCorpus], device: torch.device
    ) -> list[Network]:
        return [_model(config, corpus.pieces, device) for config, corpus in zip(configs, data, strict=True)]

    def save(
        self, folder: Path, model: Network, config: ExperimentConfig, data: PieceCorpus, made: dict[str, str | int]
    ) -> None:
        save_with_pieces(folder, model, config, data.pieces, made)


def _pieces(config: ExperimentConfig, reviews: Reviews, show: Show) -> WordPieces:
    if config.model.pretrained is not None:
        return load_pretrained(config.model.pretrained).pieces
    show("Learning word pieces", None)
    content = f"{reviews.fingerprint()}|{config.data.vocabulary_size}|{WORDPIECE_VERSION}"
    return learn_wordpieces([reviews.texts[row] for row in reviews.select(TRAIN)], config.data.vocabulary_size, content)


def _model(config: ExperimentConfig, pieces: WordPieces, device: torch.device) -> Network:
    """Return a network as large with pre-trained weights as without, so that the two can be held against each other."""
    assert config.data.max_tokens is not None  # the configuration's own check
    longest = config.data.max_tokens + SPECIAL_IN_REVIEW
    found = None if config.model.pretrained is None else load_pretrained(config.model.pretrained)
    longest = max(longest, found.longest if found else 0)
    model = build_review_transformer(config.model, len(pieces), longest, config.seed, device)
    if found and config.model.transfer:
        take_over(model, config.model, found)
    return model
