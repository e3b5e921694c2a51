"""What settings and their values are called in sentences and on the pages."""

from __future__ import annotations

from typing import Any

from sentiment_core.config import FIELDS, choices, label_of

# Of settings whose choices register no name of their own.
CHOICES: dict[str, dict[str, str]] = {
    "data.split": {
        "grouped": "Random 80/20, copies together",
        "notebook": "Random 80/20 (notebook)",
        "official": "IMDb's own 25k/25k",
        "column": "The file's column split",
    },
    "data.tokenizer": {
        "unified": "Words, one spelling",
        "word": "Words, as written",
        "whitespace": "White space (notebook)",
    },
    "data.embeddings": {
        "glove-50": "GloVe, 50-d (built in)",
        "glove-100": "GloVe, 100-d (download)",
        "word2vec": "word2vec, trained here",
        "random": "Random vectors",
        "own": "Vectors of my own",
    },
    "data.keep": {"head": "The beginning", "tail": "The end", "head_tail": "Beginning and end"},
    "data.batching": {"bucketed": "By length", "random": "Random (notebook)"},
    "model.mistakes": {
        "off_by_one_mask": "Mask stops one token early",
        "cross_review_attention": "Reviews attend to each other",
        "norm_per_call": "Norms made anew in each pass",
    },
    "model.initialisation": {
        "default": "PyTorch's",
        "xavier": "Xavier",
        "xavier_matrices": "Xavier, biases as drawn (notebook)",
        "he": "He",
        "orthogonal": "Orthogonal",
    },
    "model.direction": {"both": "Encoder: both sides", "left": "Decoder: what came before"},
    "model.norm_place": {"pre": "Before each sub-layer", "post": "After each sub-layer (BERT)"},
    "model.head_activation": {"none": "None", "relu": "ReLU", "tanh": "tanh"},
    "training.optimizer": {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD"},
    "training.schedule": {"constant": "Constant", "one_cycle": "One cycle", "cosine": "Cosine"},
    "training.mistakes": {
        "norm_after_clipping": "Norm read after clipping",
        "clip_wrong_model": "Another model is clipped",
        "kept_biases": "Biases kept from the run before",
        "kept_weights": "Weights kept from the run before",
        "batch_averaged_accuracy": "Accuracy averaged over batches",
    },
    "device": {"auto": "Automatic", "cpu": "CPU", "cuda": "NVIDIA GPU", "mps": "Apple GPU"},
}


def say(field: str, value: Any) -> str:
    """Return a setting's value in words, such as `tanh RNN`, `0.001` or `Mean + Max`; what somebody wrote stays."""
    if isinstance(value, tuple | list):
        return " + ".join(say(field, part) for part in value) or "none"
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    # What somebody wrote, such as the name of a column, is written as they wrote it.
    if field not in FIELDS or value not in choices(field):
        return str(value)
    known = CHOICES.get(field, {}).get(value) or label_of(field, value)
    return known or (value.capitalize() if isinstance(value, str) and value.isalpha() else str(value))
