"""The sentiment model: word vectors → recurrent encoder → pooling over time → head."""

from sentiment_core.models.build import assemble, build_model
from sentiment_core.models.classifier import ModelOutput, SentimentModel, parameter_count
from sentiment_core.models.embedding import FrozenEmbedding
from sentiment_core.models.network import Network

__all__ = [
    "FrozenEmbedding",
    "ModelOutput",
    "Network",
    "SentimentModel",
    "assemble",
    "build_model",
    "parameter_count",
]
