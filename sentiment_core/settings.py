"""The settings of reviews, network and training: a sentence and a range each, declared once.

Forms, the command line, links and error messages all read them here. Longer than other files for that: a setting, its
sentence and its range stand in one place.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from sentiment_core.architecture import CELLS, POOLINGS
from sentiment_core.clipping import RULES
from sentiment_core.fields import About, OneOf
from sentiment_core.sources import SOURCES, offers_split
from sentiment_core.tasks import (
    FINE_TUNING,
    PAIRS,
    RECURRENT,
    REVIEWS,
    SEQUENCES,
    TRANSFORMER,
    TWO_CLASSES,
    VECTORS,
    WHOLE_REVIEWS,
    WORD_PIECES,
    WORD_VECTORS,
)

Tokenizer = Literal["unified", "word", "whitespace"]
Keep = Literal["head", "tail", "head_tail"]
Embeddings = Literal["glove-50", "glove-100", "word2vec", "random", "own"]
Norm = Literal["none", "batch", "layer"]
Encoding = Literal[
    "detect",
    "utf-8",
    "utf-16",
    "utf-32",
    "cp1252",
    "latin-1",
    "iso8859-2",
    "iso8859-15",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp874",
    "koi8-r",
    "mac-roman",
    "gb18030",
    "big5",
    "shift-jis",
    "euc-jp",
    "euc-kr",
]
ModelMistake = Literal["off_by_one_mask", "cross_review_attention", "norm_per_call"]
TrainingMistake = Literal[
    "norm_after_clipping", "clip_wrong_model", "kept_biases", "kept_weights", "batch_averaged_accuracy"
]
# Those with which a run starts from what another one left.
CARRIED_OVER: frozenset[TrainingMistake] = frozenset({"kept_biases", "kept_weights"})


def _as_sequence(value: Any) -> Any:
    """Accept `"a,b"`, `"a"`, `3` and `""` where a tuple is wanted: a URL and a command line know only text."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return (value,) if isinstance(value, int) else value


def _none_word(value: Any) -> Any:
    return None if isinstance(value, str) and value.strip().lower() in {"", "none", "null"} else value


Dropout = Annotated[float, Field(ge=0.0, le=0.95)]


class Config(BaseModel):
    """Base of all configurations: immutable, unknown fields refused, bad values named in a `ConfigError`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    # What its settings are about, those that say nothing of their own (`fields.About`); None: they matter to all tasks.
    topic: ClassVar[str | None] = None


class DataConfig(Config):
    """What is learned from: which reviews, how they are split into tokens and batches, which word vectors they get."""

    topic: ClassVar[str | None] = REVIEWS

    source: Annotated[str, OneOf(SOURCES)] = Field("demo", title="Reviews", description="Where the reviews come from.")
    path: str | None = Field(None, title="File", description="The file to read when the source is csv.")
    text_column: str = Field("text", title="Text column", description="Column of the file that holds the review.")
    label_column: str = Field("label", title="Label column", description="Column of the file that holds the label.")
    positive: Annotated[tuple[str, ...], BeforeValidator(_as_sequence)] = Field(
        (),
        max_length=50,
        title="Positive labels",
        description="Labels that count as positive, separated by commas; none: those that say so, stars above 3 of 5.",
    )
    negative: Annotated[tuple[str, ...], BeforeValidator(_as_sequence)] = Field(
        (),
        max_length=50,
        title="Negative labels",
        description="Labels that count as negative; none: all others where positive ones are named.",
    )
    separator: Literal["detect", "comma", "semicolon", "tab", "pipe", "caret", "none"] = Field(
        "detect", title="Separator", description="What is between the columns of a text file; none: a review a line."
    )
    encoding: Encoding = Field("detect", title="Encoding", description="How a text file writes its characters.")
    header: Literal["detect", "yes", "no"] = Field(
        "detect", title="Names of columns", description="Whether the first row of a file names its columns."
    )
    split: Literal["grouped", "notebook", "official", "column"] = Field(
        "grouped",
        title="Split",
        description="grouped: random 80/20 with a fixed seed, all copies of a text in one part; notebook: the same "
        "draw, copies where they fall; official: IMDb's own 25k/25k folders; column: what the file's column split says "
        "(train, validation or test).",
    )
    limit: Annotated[int | None, BeforeValidator(_none_word)] = Field(
        None, ge=20, le=1_000_000, title="Review limit", description="Use at most this many reviews; none: all."
    )
    validation_fraction: float = Field(
        0.1, ge=0.01, le=0.5, title="Validation share", description="Part of the training reviews kept for validation."
    )
    tokenizer: Annotated[Tokenizer, About(WORD_VECTORS)] = Field(
        "unified",
        title="Tokenizer",
        description="unified: punctuation and contractions aware, entities, Unicode forms and typographic signs "
        "written one way; word: the same without that; whitespace: the notebook's.",
    )
    max_tokens: Annotated[int | None, BeforeValidator(_none_word), About(WHOLE_REVIEWS)] = Field(
        400, ge=1, le=10_000, title="Longest review", description="Known tokens kept per review; none: all."
    )
    embeddings: Annotated[Embeddings, About(WORD_VECTORS)] = Field(
        "glove-50", title="Word vectors", description="Vectors each token is looked up in."
    )
    vectors: Annotated[str | None, BeforeValidator(_none_word), About(WORD_VECTORS)] = Field(
        None,
        max_length=1_000,
        title="Own vectors",
        description="What own word vectors are read from: a file in word2vec's, GloVe's or fastText's format, or a "
        "name that gensim.downloader knows.",
    )
    embedding_dim: Annotated[int, About(WORD_VECTORS)] = Field(
        100, ge=2, le=600, title="Vector size", description="Components of word2vec and random vectors."
    )
    batching: Literal["bucketed", "random"] = Field(
        "bucketed",
        title="Batches",
        description="bucketed: reviews of similar length together; random: the notebook's, mostly padding.",
    )
    keep: Annotated[Keep, About(WHOLE_REVIEWS)] = Field(
        "head",
        title="Read of longer reviews",
        description="head: their first tokens; tail: their last ones; head_tail: a quarter from the beginning, the "
        "rest from the end.",
    )
    vocabulary_size: Annotated[int, About(WORD_PIECES)] = Field(
        8_000, ge=300, le=50_000, title="Word pieces", description="Pieces in the WordPiece vocabulary."
    )
    pair_tokens: Annotated[int, About(PAIRS)] = Field(
        128,
        ge=8,
        le=512,
        title="Longest pair",
        description="Pieces of two segments together, special ones included. Short ones leave little that tells "
        "whether the second follows.",
    )
    sequence_length: Annotated[int, About(SEQUENCES)] = Field(
        20,
        ge=10,
        le=500,
        title="Sequence length",
        description="Symbols in a sequence, T: the two that matter stand near T/10 and T/2, the answer comes at T.",
    )
    sequences: Annotated[int, About(SEQUENCES)] = Field(
        2_000, ge=20, le=100_000, title="Sequences", description="Sequences an epoch, drawn anew in each."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in SOURCES[self.source].needs:
            if not getattr(self, name):
                what = (type(self).model_fields[name].title or name).lower()
                raise ValueError(f"data.{name}: give the {what} to read (data.source is {self.source})")
        if self.embeddings == "own" and not self.vectors:
            raise ValueError("data.vectors: give a file of word vectors, or a name of gensim.downloader")
        if self.source not in (those := offers_split(self.split)):
            raise ValueError(f"data.split: {self.split} exists for data.source={' or '.join(those)} only; use grouped")
        return self


class ModelConfig(Config):
    """The network: recurrent encoder → pooling over time → head."""

    cell: Annotated[str, OneOf(CELLS), About(RECURRENT)] = Field(
        "rnn", title="Cell", description="Recurrent cell; rnn is the tanh RNN."
    )
    hidden_size: int = Field(
        128, ge=1, le=1024, title="Hidden size", description="Units of a state, in each direction."
    )
    num_layers: int = Field(1, ge=1, le=4, title="Layers", description="Layers on top of each other.")
    bidirectional: Annotated[bool, About(RECURRENT)] = Field(
        False, title="Bidirectional", description="Also read each review from its end."
    )
    pooling: Annotated[tuple[Annotated[str, OneOf(POOLINGS)], ...], BeforeValidator(_as_sequence), About(RECURRENT)] = (
        Field(
            ("attention_dot",),
            min_length=1,
            max_length=4,
            title="Pooling",
            description="How the states of all tokens become one vector; several are concatenated.",
        )
    )
    input_norm: Annotated[Norm, About(RECURRENT)] = Field(
        "none", title="Input norm", description="Normalisation of the word vectors."
    )
    state_norm: Annotated[Norm, About(RECURRENT)] = Field(
        "none", title="State norm", description="Normalisation of the pooled state."
    )
    norm_affine: Annotated[bool, About(RECURRENT)] = Field(
        True, title="Trainable norms", description="Give norms a learned scale and shift."
    )
    initialisation: Annotated[Literal["default", "xavier", "xavier_matrices", "he", "orthogonal"], About(RECURRENT)] = (
        Field(
            "default",
            title="Initialisation",
            description="How weights start; default: PyTorch's; xavier_matrices: biases as PyTorch's, else zero.",
        )
    )
    head_sizes: Annotated[
        tuple[Annotated[int, Field(ge=1, le=4096)], ...], BeforeValidator(_as_sequence), About(RECURRENT)
    ] = Field(
        (), max_length=4, title="Head layers", description="Sizes of the head's hidden layers; none: one linear layer."
    )
    head_activation: Annotated[Literal["none", "relu", "tanh"], About(RECURRENT)] = Field(
        "none", title="Head activation", description="Applied before every linear layer of the head."
    )
    word_dropout: Annotated[Dropout, About(RECURRENT)] = Field(
        0.0, title="Word dropout", description="Share of tokens zeroed in training."
    )
    embedding_dropout: Dropout = Field(
        0.0, title="Vector dropout", description="Share of vector components zeroed in training."
    )
    state_dropout: Dropout = Field(0.0, title="State dropout", description="Dropout on the hidden states.")
    head_dropout: Annotated[Dropout, About(RECURRENT)] = Field(
        0.0, title="Head dropout", description="Dropout before each head layer."
    )
    freeze_embeddings: Annotated[bool, About(WORD_VECTORS)] = Field(
        True, title="Frozen vectors", description="Keep the word vectors as they are; off: fine-tune them."
    )
    mistakes: Annotated[tuple[ModelMistake, ...], BeforeValidator(_as_sequence)] = Field(
        (),
        max_length=3,
        title="Mistakes in the model",
        description="The course notebook's, for lessons; none: correct.",
    )
    heads: Annotated[int, About(TRANSFORMER)] = Field(
        4, ge=1, le=16, title="Heads", description="Attention heads a layer; they share the hidden size."
    )
    feed_forward_size: Annotated[int, About(TRANSFORMER)] = Field(
        512,
        ge=1,
        le=4096,
        title="Feed-forward size",
        description="Units between the two linear layers after attention.",
    )
    positions: Annotated[Literal["learned", "sinusoidal", "none"], About(TRANSFORMER)] = Field(
        "learned", title="Positions", description="What tells the model where a piece stands; none: it cannot know."
    )
    direction: Annotated[Literal["both", "left"], About(TRANSFORMER)] = Field(
        "both",
        title="Attention reaches",
        description="both: all pieces, an encoder; left: a piece and those before it, a decoder.",
    )
    norm_place: Annotated[Literal["post", "pre"], About(TRANSFORMER)] = Field(
        "pre", title="Layer norm", description="post: after each sub-layer, as in BERT; pre: before it."
    )
    pretrained: Annotated[str | None, BeforeValidator(_none_word), About(FINE_TUNING)] = Field(
        None,
        max_length=80,
        title="Pre-trained model",
        description="Whose word pieces are read: a run that learned masked words, or one that ships: bert-reviews, "
        "bert-encoder; none: pieces are learned from the training reviews.",
    )
    transfer: Annotated[bool, About(FINE_TUNING)] = Field(
        True,
        title="Start from its weights",
        description="Fine-tune the pre-trained model; off: the same network from scratch.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.pooling)) != len(self.pooling):
            raise ValueError("model.pooling: name each pooling once")
        if sum(POOLINGS[pooling].attends for pooling in self.pooling) > 1:
            raise ValueError("model.pooling: choose one attention at most, or the heatmap would be ambiguous")
        return self

    @property
    def attends(self) -> bool:
        """Whether the model weighs its tokens."""
        return any(POOLINGS[pooling].attends for pooling in self.pooling)


class TrainingConfig(Config):
    """Optimisation: how long, how fast, and what happens to the gradient on its way to the weights."""

    epochs: int = Field(5, ge=1, le=200, title="Epochs", description="Passes over the training reviews.")
    max_steps: Annotated[int | None, BeforeValidator(_none_word)] = Field(
        None, ge=1, le=1_000_000, title="Step limit", description="Stop after this many updates; none: no limit."
    )
    batch_size: int = Field(128, ge=1, le=4096, title="Batch size", description="Reviews per update.")
    optimizer: Literal["adam", "adamw", "sgd"] = Field("adam", title="Optimizer", description="The update rule.")
    learning_rate: float = Field(2e-3, gt=0, le=1000, title="Learning rate", description="Step size of the optimizer.")
    weight_decay: float = Field(0.0, ge=0, le=1, title="Weight decay", description="Pull of the weights towards zero.")
    momentum: float = Field(0.0, ge=0, lt=1, title="Momentum", description="Momentum of SGD.")
    schedule: Literal["constant", "one_cycle", "cosine"] = Field(
        "constant", title="Schedule", description="How the learning rate moves during training."
    )
    clipping: Annotated[str, OneOf(RULES)] = Field(
        "none", title="Clipping", description="Limit on the gradient before each update."
    )
    max_norm: float = Field(
        1.0, gt=0, le=1e12, title="Largest norm", description="Threshold on the gradient's length (clipping by norm)."
    )
    clip_value: float = Field(
        0.1, gt=0, le=1e12, title="Largest component", description="Threshold on each component (clipping by value)."
    )
    embedding_rate: Annotated[float, About(VECTORS)] = Field(
        1.0,
        gt=0,
        le=10,
        title="Rate of the vectors",
        description="Learning rate of trained vectors of words or word pieces, as a multiple of the learning rate.",
    )
    precision: Literal["fp32", "bf16", "fp16"] = Field(
        "fp32", title="Precision", description="Number format of the forward pass; fp16 needs CUDA."
    )
    halves: Literal["auto", "never"] = Field(
        "auto",
        title="Half batches",
        description="auto: where a run has two processor cores, the halves of a large batch are computed side by side, "
        "and a CUDA GPU replays updates as graphs, equal to rounding; never: always whole batches, one operation after "
        "the other, to repeat a run that had them to the last bit.",
    )
    early_stopping: Annotated[int | None, BeforeValidator(_none_word)] = Field(
        None, ge=1, le=100, title="Patience", description="Stop after so many epochs without a better validation loss."
    )
    target_accuracy: Annotated[float | None, BeforeValidator(_none_word)] = Field(
        None,
        gt=0,
        le=1,
        title="Target accuracy",
        description="End a run whose validation accuracy has reached this; none: train on.",
    )
    weight_averaging: float = Field(
        0.0, ge=0, lt=1, title="Weight averaging", description="Decay of the averaged weights that are kept; 0: off."
    )
    mistakes: Annotated[tuple[TrainingMistake, ...], BeforeValidator(_as_sequence)] = Field(
        (), max_length=5, title="Mistakes in training", description="The course notebook's, for lessons; none: correct."
    )
    class_weights: Annotated[Literal["none", "balanced"], About(TWO_CLASSES)] = Field(
        "none",
        title="Class weights",
        description="balanced: in the loss that is minimised, both classes weigh the same, however rare one is.",
    )
    mask_share: Annotated[float, About(PAIRS)] = Field(
        0.15, gt=0, le=0.9, title="Chosen share", description="Part of the pieces that are to be filled in."
    )
    masked_share: Annotated[float, About(PAIRS)] = Field(
        0.8, ge=0, le=1, title="Become [MASK]", description="Part of the chosen pieces that are replaced by [MASK]."
    )
    replaced_share: Annotated[float, About(PAIRS)] = Field(
        0.1, ge=0, le=1, title="Become another", description="Part of the chosen pieces that any other piece replaces."
    )
    whole_words: Annotated[bool, About(PAIRS)] = Field(
        False, title="Whole words", description="Choose all pieces of a word together."
    )
    next_sentence: Annotated[bool, About(PAIRS)] = Field(
        True, title="Next sentence", description="Learn too whether the second segment follows the first."
    )
    shuffle_words: Annotated[bool, About(PAIRS)] = Field(
        False, title="Shuffled words", description="Put the pieces of each segment in random order."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.masked_share + self.replaced_share > 1.0 + 1e-9:
            raise ValueError("training.masked_share, training.replaced_share: together at most 1; the rest is kept")
        return self

    @property
    def threshold(self) -> float | None:
        """The threshold of the clipping rule in force; None where it has none."""
        field = RULES[self.clipping].threshold
        return None if field is None else getattr(self, field)
