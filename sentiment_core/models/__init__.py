"""The sentiment model: word vectors → recurrent encoder → pooling over time → head."""

from sentiment_core.models.classifier import ModelOutput, SentimentModel, build_model, parameter_count
from sentiment_core.models.embedding import FrozenEmbedding

__all__ = ["FrozenEmbedding", "ModelOutput", "SentimentModel", "build_model", "parameter_count"]
