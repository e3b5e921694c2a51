"""What a trained model sees in a text: probability and per-token scores. Importing this needs no torch."""

from sentiment_core.explain.catalogue import PRETRAINED, ModelInfo, available_models, load_predictor
from sentiment_core.explain.methods import BASELINES, DEFAULT_BASELINE, METHODS, attribute
from sentiment_core.explain.records import Attribution, Completeness, Explanation, ReadingAlong, TokenScore

__all__ = [
    "BASELINES",
    "DEFAULT_BASELINE",
    "METHODS",
    "PRETRAINED",
    "Attribution",
    "Completeness",
    "Explanation",
    "ModelInfo",
    "ReadingAlong",
    "TokenScore",
    "attribute",
    "available_models",
    "load_predictor",
]
