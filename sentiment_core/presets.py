"""The course notebook's ladder as configurations, each rung changing what it changed there, and a recipe beyond it.

From rung 4 on every rung keeps clipping by norm, as the notebook did. Rungs 1 and 2 use random batches, because
bucketed batches hold so little padding that they hide the padding bug. Longer than other files: it is one table, in
which a rung is read against the one before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sentiment_core.architecture import SPECIAL_IN_REVIEW
from sentiment_core.clipping import NONE, NORM, RULES
from sentiment_core.config import ExperimentConfig, RunConfig, from_fields, with_runs
from sentiment_core.errors import NotFoundError

# The notebook's vectors have 100 components; the parameter counts below are for these.
NOTEBOOK_DIM = 100
PRETRAINED_PARAMETERS = 122_497  # with the 50 components of its own vectors
CONTROL_PARAMETERS = 85_441  # the same without the attention's own
BEST_PARAMETERS = 320_001  # without the word vectors, whose number depends on the reviews
ORDER_PARAMETERS = 3_104
RNN_BESIDE_PARAMETERS = 184_629

_COMMON: dict[str, Any] = {
    "data.tokenizer": "whitespace",
    "data.max_tokens": None,
    "model.cell": "rnn",
    "model.hidden_size": 128,
    "model.pooling": ("last",),
    "model.norm_affine": False,
    "training.optimizer": "adam",
    "training.learning_rate": 1e-3,
    "training.batch_size": 128,
    "training.epochs": 2,
    "training.clipping": "none",
}
_CLIPPED = {"training.clipping": "norm", "training.max_norm": 1.0}
_DEEP = {**_CLIPPED, "model.head_activation": "relu", "model.head_sizes": (64,)}
_BIGRU = {
    "data.tokenizer": "unified",
    "data.max_tokens": 400,
    "data.embeddings": "glove-50",
    "model.cell": "gru",
    "model.hidden_size": 96,
    "model.bidirectional": True,
    "model.pooling": ("attention_additive",),
    "model.word_dropout": 0.2,
    "model.head_dropout": 0.4,
    "training.epochs": 8,
    "training.batch_size": 64,
    "training.learning_rate": 3e-3,
    "training.schedule": "one_cycle",
    "training.weight_averaging": 0.999,
    **_CLIPPED,
}
# word2vec learns the reviews' own words, names and misspellings; their vectors move a tenth as fast as the network,
# because at full speed they fit the training reviews within two epochs.
_BEST = {
    "data.tokenizer": "unified",
    "data.max_tokens": 500,
    "data.embeddings": "word2vec",
    "data.embedding_dim": 200,
    "model.cell": "gru",
    "model.hidden_size": 128,
    "model.bidirectional": True,
    "model.pooling": ("attention_additive", "max", "mean"),
    "model.word_dropout": 0.3,
    "model.embedding_dropout": 0.1,
    "model.state_dropout": 0.2,
    "model.head_dropout": 0.4,
    "training.epochs": 5,
    "training.batch_size": 128,
    "training.learning_rate": 4e-3,
    "training.schedule": "one_cycle",
    "training.weight_averaging": 0.998,
    **_CLIPPED,
}
# After Pascanu et al. 2013: 50 units, batches of 20, SGD, norms cut at 1. Their rate of 0.01 takes far more updates.
_ORDER = {
    "task": "temporal-order",
    "data.sequence_length": 20,
    "model.hidden_size": 50,
    "model.initialisation": "xavier",
    "training.optimizer": "sgd",
    "training.learning_rate": 0.1,
    "training.batch_size": 20,
    "training.epochs": 20,
    "training.target_accuracy": 0.995,
    **_CLIPPED,
}
# After Devlin et al. 2019, in small: two layers instead of twelve, 128 units instead of 768. Layer norm before each
# sub-layer, which needs no warm-up to be stable (Xiong et al. 2020).
_BERT = {
    "task": "masked-words",
    "model.hidden_size": 128,
    "model.num_layers": 2,
    "training.optimizer": "adamw",
    "training.weight_decay": 0.01,
    "training.learning_rate": 2e-3,
    "training.schedule": "one_cycle",
    "training.batch_size": 64,
    "training.epochs": 3,
    **_CLIPPED,
}
# Sinusoidal positions are alike at every place from the start, so that neighbours are soon found; BERT's are learned.
# A small network makes more updates in the same minutes, and a cosine begins at the full rate: after 22 seconds on real
# reviews it was 0.32 nats below guessing, where 128 units in one cycle had not begun.
_PRETRAINED = {
    **_BERT,
    "data.vocabulary_size": 4_000,
    "data.pair_tokens": 64,
    "model.positions": "sinusoidal",
    "model.hidden_size": 64,
    "model.feed_forward_size": 256,
    "training.learning_rate": 3e-3,
    "training.schedule": "cosine",
    "training.batch_size": 32,
}
# Two of them are trained on the demo reviews within minutes.
_BERT_TWINS = {**_PRETRAINED, "data.vocabulary_size": 1_200, "training.epochs": 2}


@dataclass(frozen=True)
class Preset:
    """A named configuration.

    `parameters` counts a run's trained values but word vectors, with 100-component vectors on the ladder; None where it
    depends on the reviews.
    """

    name: str
    title: str
    description: str
    config: ExperimentConfig
    parameters: int | None


def _preset(
    name: str, title: str, description: str, parameters: int, *, rates: tuple[float, ...] = (), **fields: Any
) -> Preset:
    settings = _COMMON | {key.replace("__", "."): value for key, value in fields.items()}
    config = from_fields({"name": title, **settings})
    runs = [RunConfig(name=f"rate {rate:g}", overrides={"training.learning_rate": rate}) for rate in rates]
    return Preset(name, title, description, with_runs(config, runs or [RunConfig(name=title)]), parameters)


def _dotted(fields: dict[str, Any]) -> dict[str, Any]:
    return {key.replace(".", "__"): value for key, value in fields.items()}


_LADDER = (
    _preset(
        "padded-last-state",
        "Padded last state",
        "Rung 1: the head reads the state after the padding, so it sees zeros' aftermath instead of the review.",
        42_441,
        model__pooling=("padded_last",),
        model__head_sizes=(100,),
        data__batching="random",
    ),
    _preset(
        "last-state",
        "True last state",
        "Rung 2: the head reads the state at the review's last real token.",
        29_569,
        data__batching="random",
    ),
    _preset(
        "clip-norm",
        "Clip by norm",
        "Rung 4: a gradient longer than 1.0 is scaled back to 1.0; its direction stays.",
        29_569,
        **_dotted(_CLIPPED),
    ),
    _preset(
        "clip-value",
        "Clip by value",
        "Rung 4, the other way: each component is cut to ±0.1, which turns the gradient.",
        29_569,
        training__clipping="value",
        training__clip_value=0.1,
    ),
    _preset(
        "xavier",
        "Xavier initialisation",
        "Rung 5: every weight matrix starts Xavier uniform.",
        29_569,
        model__initialisation="xavier",
        **_dotted(_CLIPPED),
    ),
    _preset(
        "batch-norm",
        "Batch normalisation",
        "Rung 6: batch norm on the word vectors and on the last state, padding left out.",
        29_569,
        model__input_norm="batch",
        model__state_norm="batch",
        **_dotted(_CLIPPED),
    ),
    _preset(
        "relu",
        "ReLU before the head",
        "Rung 7: a non-linearity between the last state and the head.",
        29_569,
        model__head_activation="relu",
        **_dotted(_CLIPPED),
    ),
    _preset(
        "deep-head",
        "Deeper head",
        "Rung 8: ReLU, 128→64, ReLU, 64→1.",
        37_761,
        **_dotted(_DEEP),
    ),
    _preset(
        "learning-rates",
        "Learning rates",
        "Rung 9: the notebook's three rates from the same weights on the same batches, one epoch each.",
        37_761,
        rates=(1e-1, 1e-2, 1e-4),
        **_dotted({**_DEEP, "training.epochs": 1}),
    ),
    _preset(
        "attention",
        "Attention",
        "Rung 10: layer norm, dot-product attention with the last state, layer norm, the deeper head; ten epochs.",
        37_761,
        model__pooling=("attention_dot",),
        model__input_norm="layer",
        model__state_norm="layer",
        **_dotted({**_DEEP, "training.epochs": 10}),
    ),
    _preset(
        "bigru-attention",
        "Bidirectional GRU with attention",
        "Beyond the notebook: a bidirectional GRU with additive attention, dropout and weight averaging.",
        PRETRAINED_PARAMETERS,
        **_dotted(_BIGRU),
    ),
    _preset(
        "uniform-attention",
        "Uniform attention",
        "Control: the bidirectional GRU with every weight 1 / length. What it loses is what attention was worth.",
        CONTROL_PARAMETERS,
        **_dotted({**_BIGRU, "model.pooling": ("attention_uniform",)}),
    ),
    _preset(
        "random-attention",
        "Random attention",
        "Control: the bidirectional GRU with attention that is drawn once and never trained.",
        CONTROL_PARAMETERS,
        **_dotted({**_BIGRU, "model.pooling": ("attention_random",)}),
    ),
    _preset(
        "best-frozen",
        "Best with frozen vectors",
        "Recipe: bidirectional GRU over frozen word2vec vectors of the reviews; attention, maximum and mean.",
        BEST_PARAMETERS,
        **_dotted(_BEST),
    ),
    _preset(
        "best",
        "Best",
        "Recipe: best-frozen with vectors that move along, a tenth as fast as the network, and up to 1,000 tokens.",
        BEST_PARAMETERS,
        **_dotted({**_BEST, "data.max_tokens": 1000, "model.freeze_embeddings": False, "training.embedding_rate": 0.1}),
    ),
    _preset(
        "temporal-order",
        "Temporal order",
        "Not about reviews: which two symbols stood in a sequence, and in which order? Made to need a long gradient.",
        ORDER_PARAMETERS,
        **_dotted(_ORDER),
    ),
)


def _bert(
    name: str,
    title: str,
    description: str,
    base: dict[str, Any] | None = None,
    /,
    **runs: dict[str, Any],
) -> Preset:
    config = from_fields({"name": title, **(base or _BERT)})
    named = [RunConfig(name=run.replace("_", " "), overrides=overrides) for run, overrides in runs.items()]
    return Preset(name, title, description, with_runs(config, named or [RunConfig(name=title)]), None)


# Weights fit only where these are the same.
_SHAPE = ("hidden_size", "num_layers", "heads", "feed_forward_size", "positions", "direction", "norm_place")
# As small as the model that ships, whose weights it starts from. The demo reviews come to their verdict at their end.
_FINE_TUNING = {
    **_BERT,
    "task": "reviews-in-pieces",
    "data.max_tokens": 62,
    "data.keep": "tail",
    "model.hidden_size": 64,
    "model.feed_forward_size": 256,
    "model.pretrained": "bert-encoder",
    "model.state_dropout": 0.1,
    "training.learning_rate": 1e-3,
    "training.batch_size": 32,
    "training.epochs": 5,
}
# As the encoder that ships with real reviews behind it, which has places for pieces that it never read. The vectors of
# its pieces move ten times as fast as the rest: pre-training has put good beside bad, and they must part.
_FINE_TUNING_REVIEWS = {
    **_FINE_TUNING,
    "data.max_tokens": 126,
    "data.keep": "head_tail",
    "model.positions": "sinusoidal",
    "model.pretrained": "bert-reviews",
    "model.embedding_dropout": 0.2,
    "training.embedding_rate": 10.0,
    "training.epochs": 1,
}
_RNN_BESIDE = {
    "data.tokenizer": "unified",
    "data.max_tokens": 62,
    "data.keep": "tail",
    "data.embeddings": "glove-50",
    "model.hidden_size": 404,
    "model.pooling": ("attention_dot",),
    "training.batch_size": 32,
    "training.epochs": 5,
    **_CLIPPED,
}
_PRETRAINING = (
    _bert(
        "bert-mlm",
        "BERT in small",
        "Pre-training: fill in masked words of two segments, and say whether the second follows the first.",
        _PRETRAINED,
    ),
    _bert(
        "bert-direction",
        "Encoder or decoder",
        "The same network twice: each word sees both sides, or only what came before it.",
        _BERT_TWINS,
        encoder={"model.direction": "both"},
        decoder={"model.direction": "left"},
    ),
    _bert(
        "bert-masking",
        "80/10/10 or always [MASK]",
        "Of the chosen words 80 % become [MASK], 10 % another word and 10 % stay; or all become [MASK].",
        _BERT_TWINS,
        **{
            "80/10/10": {"training.masked_share": 0.8, "training.replaced_share": 0.1},
            "always [MASK]": {"training.masked_share": 1.0, "training.replaced_share": 0.0},
        },
    ),
    _bert(
        "bert-mask-share",
        "15 or 40 % chosen",
        "How many words are to be filled in: more of them teach more at once, and leave less to read.",
        _BERT_TWINS,
        **{"15 %": {"training.mask_share": 0.15}, "40 %": {"training.mask_share": 0.4}},
    ),
    _bert(
        "bert-positions",
        "Positions on and off",
        "With positions, without them, and without them on shuffled words: what does order tell?",
        _BERT_TWINS,
        sinusoidal={"model.positions": "sinusoidal"},
        none={"model.positions": "none"},
        none_shuffled={"model.positions": "none", "training.shuffle_words": True},
    ),
    _bert(
        "bert-next-sentence",
        "With and without next sentence",
        "Both parts of the loss, or the masked words alone: what is [CLS] good for then?",
        _BERT_TWINS,
        both={"training.next_sentence": True},
        words_alone={"training.next_sentence": False},
    ),
    _bert(
        "bert-finetune",
        "Fine-tune BERT",
        "Is a review positive, answered from [CLS]: from pre-trained weights, and the same network from scratch.",
        _FINE_TUNING,
        **{"from scratch": {"model.transfer": False}, "fine-tuned": {"model.transfer": True}},
    ),
    _bert(
        "bert-finetune-reviews",
        "Fine-tune BERT on real reviews",
        "Is a review positive, answered from [CLS] by the encoder that read real reviews; choose some to learn from.",
        _FINE_TUNING_REVIEWS,
    ),
    _preset(
        "bert-rnn",
        "RNN as large as BERT in small",
        "A tanh RNN with dot-product attention over GloVe, with as many parameters as the network of bert-finetune.",
        RNN_BESIDE_PARAMETERS,
        **_dotted(_RNN_BESIDE),
    ),
)
PRESETS: dict[str, Preset] = {item.name: item for item in (*_LADDER, *_PRETRAINING)}


def preset(name: str) -> Preset:
    """Return a preset by its name; raise `NotFoundError` naming those there are."""
    if name not in PRESETS:
        raise NotFoundError(f"there is no preset {name!r}; choose one of {', '.join(PRESETS)}")
    return PRESETS[name]


def fitting(pretrained: ExperimentConfig) -> dict[str, Any]:
    """Return the settings, by dotted name, of a network that the weights of a run with these settings fit."""
    shape = {f"model.{name}": getattr(pretrained.model, name) for name in _SHAPE}
    return {**shape, "data.max_tokens": pretrained.data.pair_tokens - SPECIAL_IN_REVIEW}


def vary_clipping(config: ExperimentConfig) -> ExperimentConfig:
    """Return the twins: every run of `config` without clipping, and clipped as it is, by norm where it is not."""
    runs = []
    for run in config.runs:
        training = config.resolve(run).training
        rule = NORM if training.clipping == NONE.name else RULES[training.clipping]
        threshold = training.model_copy(update={"clipping": rule.name}).threshold
        clipped = f"clip {rule.phrase}" if threshold is None else f"clip {rule.phrase} {threshold:g}"
        for label, clipping in ((NONE.phrase, NONE.name), (clipped, rule.name)):
            name = label if len(config.runs) == 1 else f"{run.name}, {label}"
            runs.append(RunConfig(name=name, overrides={**run.overrides, "training.clipping": clipping}))
    return with_runs(config, runs)
