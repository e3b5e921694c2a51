"""What a trained model sees in a text: probability and per-token attention. Importing this needs no torch."""

from sentiment_core.explain.catalogue import PRETRAINED, ModelInfo, available_models, load_predictor
from sentiment_core.explain.records import Explanation, TokenScore

__all__ = ["PRETRAINED", "Explanation", "ModelInfo", "TokenScore", "available_models", "load_predictor"]
