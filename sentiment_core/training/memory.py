"""How much memory a training will take, before it takes it.

Back-propagation through time keeps every step's activations until the backward pass has used them, so what a batch
takes grows with B × T (Gruslys et al. 2016, "Memory-Efficient Backpropagation Through Time"); what the parameters
take does not. In numbers of 4 bytes, for one run:

    training    B × T × (cell · H · layers + pooling · H + input · E)      B: batch size, T: longest review
    evaluation  256 × T × (evaluation · H + input · E)                     nothing is kept for the way back
    parameters  P × (weights + gradient + what the optimizer keeps)        Adam: two moments (Kingma & Ba 2015)

with H units of all directions and E components of a word vector. Runs train side by side, so theirs add up; on a CUDA
GPU each keeps memory of its own for what it replays, and they share some for the rest. Others take turns. The factors
are peaks of PyTorch on a CPU, measured by `benchmarks/memory.py`, which also holds the estimate against whole
trainings. Transformers: `transformer_memory.py`. Nothing here loads PyTorch: pages ask before anything does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

from sentiment_core.architecture import CELLS, POOLINGS
from sentiment_core.clipping import RULES
from sentiment_core.config import FIELDS, ExperimentConfig, from_fields
from sentiment_core.errors import ConfigError, OutOfMemory
from sentiment_core.machine import available_memory, in_words, may_have_gpu, worker_memory
from sentiment_core.settings import ModelConfig, TrainingConfig
from sentiment_core.sources import CHARACTERS_A_REVIEW, SOURCES
from sentiment_core.tasks import REVIEWS, TASKS
from sentiment_core.training import transformer_memory as transformers

EVALUATION_BATCH_SIZE = transformers.REVIEWS_EVALUATED
# What the estimate may be wrong by: only what would not fit even then is refused.
MARGIN = 2.0
# From this share of the free memory on, the estimate is worth a sentence.
WORTH_SAYING = 0.5

# Of the runs' batches by device.
_SIDE_BY_SIDE: dict[str, Callable[[list[int]], int]] = {
    "cpu": sum,
    "auto": sum,
    "cuda": lambda batches: sum(batches) + max(batches),
    "mps": max,
}
_FLOAT = 4
_PROGRAM = 700_000_000  # interpreter, PyTorch and 400,000 words with their vectors, as mapped
_BYTES_A_CHARACTER = 4.0  # texts, tokens and their copies while reviews are prepared

_BOTH_WAYS = 2.5  # the reversed copies, per unit of both directions
_HALVED = 0.6  # what numbers of two bytes leave of what is kept
_NORM = {"none": 0.0, "batch": 7.0, "layer": 6.0}
_WORD_DROPOUT, _EMBEDDING_DROPOUT, _STATE_DROPOUT = 1.4, 3.0, 5.0
# Gradient and, while a step is made, its intermediate values; Adam keeps two moments besides.
_OPTIMIZER = {"sgd": 1.0, "adam": 5.0, "adamw": 5.0}

# What is known of reviews before they are read: English prose (IMDb's in the word tokenizer's tokens).
CHARACTERS_A_TOKEN = 5.0
_LONGEST = 2_800
_COMMONLY_CUT = 500
_MOST_WORDS = 400_000
# Of own vectors, the usual size of published ones: they are not read yet.
_DIM = {"glove-50": 50, "glove-100": 100, "own": 300}


@dataclass(frozen=True)
class DataSize:
    """How large reviews are: characters in all, the longest in tokens as they are read, different words or pieces."""

    characters: int
    longest: int
    words: int


@dataclass(frozen=True)
class MemoryNeed:
    """Bytes that a training occupies at its peak: the program, reviews, parameters, and one batch of every run."""

    program: int
    reviews: int
    parameters: int
    activations: int

    @property
    def host(self) -> int:
        """What stays in the computer's own memory when a GPU trains."""
        return self.program + self.reviews

    @property
    def training(self) -> int:
        """What it takes once the reviews are loaded."""
        return self.parameters + self.activations

    @property
    def total(self) -> int:
        """All of it."""
        return self.host + self.training


def expected_size(run: ExperimentConfig) -> DataSize:
    """Return what can be said about a run's reviews without reading them; a missing file counts as empty."""
    data = run.data
    source = SOURCES[data.source]
    characters = source.characters(data)
    tokens = characters / CHARACTERS_A_TOKEN
    longest = source.longest or min(_LONGEST, int(tokens))
    if transformers.is_transformer(run):
        return DataSize(characters, transformers.pieces_read(run, max(1, longest)), transformers.vocabulary_of(run))
    # Vocabularies grow with the root of a text (Heaps 1978); the factor is that of 40,000 IMDb reviews in GloVe.
    words = source.words or min(_MOST_WORDS, int(22 * tokens**0.5))
    return DataSize(characters, max(1, min(longest, data.max_tokens or longest)), words)


def memory_need(config: ExperimentConfig, size: Callable[[ExperimentConfig], DataSize] = expected_size) -> MemoryNeed:
    """Estimate what training `config` occupies at its peak; `size` says how large a run's reviews are."""
    runs = [config.resolve(run) for run in config.runs]
    sizes = [size(run) for run in runs]
    parameters = sum(_parameter_bytes(run, words.words) for run, words in zip(runs, sizes, strict=True))
    matrices = {
        (run.data.embeddings, _dim(run), found.words)
        for run, found in zip(runs, sizes, strict=True)
        if not transformers.is_transformer(run)
    }
    batches = [_batch_bytes(run, found) for run, found in zip(runs, sizes, strict=True)]
    return MemoryNeed(
        program=_PROGRAM,
        reviews=round(_BYTES_A_CHARACTER * max(found.characters for found in sizes))
        + sum(_FLOAT * words * dim for _, dim, words in matrices),
        parameters=parameters,
        activations=_SIDE_BY_SIDE[config.device](batches),
    )


def check_before(config: ExperimentConfig) -> str | None:
    """Refuse a training that this machine has clearly too little memory for, before anything is loaded.

    Returns a sentence about what it will take where that is a good part of what is free, else None. Raises
    `OutOfMemory`, which names the setting to lower. What a GPU holds is asked when the GPU is known: `check_loaded`.
    """
    if REVIEWS not in TASKS[config.task].topics:
        return None  # short sequences, of which nothing was measured
    on_gpu = _on_gpu(config)
    free = min(available_memory(), worker_memory())
    return _check(config, free, expected_size, lambda need: need.host if on_gpu else need.total)


def check_loaded(config: ExperimentConfig, longest: int, words: int, free: int) -> None:
    """Raise `OutOfMemory` when `free` bytes of the device are clearly too few for what follows the loading of reviews.

    `longest` review in tokens and number of different `words` are as loaded; `config.device` is where it will train.
    """
    found = DataSize(0, longest, words)

    def size(run: ExperimentConfig) -> DataSize:
        if transformers.is_transformer(run):
            return replace(found, longest=transformers.pieces_read(run, longest))
        return replace(found, longest=min(longest, run.data.max_tokens or longest))

    _check(config, free, size, _training)


def _check(
    config: ExperimentConfig, free: int, size: Callable[[ExperimentConfig], DataSize], part: Callable[[MemoryNeed], int]
) -> str | None:
    need = part(memory_need(config, size))
    if need > MARGIN * free:
        advice = _advice(config, lambda candidate: part(memory_need(candidate, size)) <= free)
        raise OutOfMemory(
            f"This training would take about {in_words(need)} of memory, and {in_words(free)} are free. {advice}"
        )
    if need > WORTH_SAYING * free:
        return f"This training will take about {in_words(need)} of memory; {in_words(free)} are free."
    return None


def _on_gpu(config: ExperimentConfig) -> bool:
    return config.device in {"cuda", "mps"} or (config.device == "auto" and may_have_gpu())


def _training(need: MemoryNeed) -> int:
    return need.training


def _advice(config: ExperimentConfig, fits: Callable[[ExperimentConfig], bool]) -> str:
    """Name the one setting that suffices when it is lowered, and to what; else all that help."""
    size = expected_size(config)
    longest = "data.pair_tokens" if transformers.reads_pairs(config) else "data.max_tokens"
    settings = {
        "training.batch_size": config.training.batch_size,
        longest: getattr(config.data, longest.removeprefix("data.")) or size.longest,
        "model.hidden_size": config.model.hidden_size,
        "data.limit": config.data.limit or size.characters // CHARACTERS_A_REVIEW,
    }
    for field, value in settings.items():
        while (value := value // 2) >= 1:
            try:
                candidate = from_fields({field: value}, config)
            except ConfigError:
                break  # below what the field allows
            if fits(candidate):
                return f"Lower the {_name(field)} to {value:,}."
    more = "" if len(config.runs) == 1 else f", and train fewer than {len(config.runs)} runs at once"
    return f"Lower several of these: {', '.join(_name(field) for field in settings)}{more}."


def _name(field: str) -> str:
    title = FIELDS[field].title or field
    return f"{title[0].lower()}{title[1:]} ({field})"


def _batch_bytes(run: ExperimentConfig, size: DataSize) -> int:
    if transformers.is_transformer(run):
        in_training, in_evaluation = transformers.numbers_kept(run, size.longest, size.words)
        halved = 1.0 if run.training.precision == "fp32" else _HALVED
        return round(_FLOAT * halved * max(in_training, in_evaluation))
    model, training = run.model, run.training
    units = model.hidden_size * (2 if model.bidirectional else 1)
    dim = _dim(run)
    cell = CELLS[model.cell]
    kept = model.num_layers * units * (cell.kept + (_BOTH_WAYS if model.bidirectional else 0.0))
    # Everything that follows an LSTM on a CPU reads its states, which are full numbers: see `models/encoder.py`.
    halved = _HALVED if training.precision != "fp32" and not (model.cell == "lstm" and not _on_gpu(run)) else 1.0
    if model.state_dropout:
        kept += model.num_layers * units * _STATE_DROPOUT
    for pooling in model.pooling:
        # The additive attention's own layer is as wide as one direction.
        kept += (model.hidden_size if pooling == "attention_additive" else units) * POOLINGS[pooling].kept
    kept *= halved
    read = dim * (cell.read + _NORM[model.input_norm])
    dropped = dim * (
        (_WORD_DROPOUT if model.word_dropout else 0.0) + (_EMBEDDING_DROPOUT if model.embedding_dropout else 0.0)
    )
    in_training = training.batch_size * (kept + read + dropped)
    # Evaluation goes by length, so that the longest reviews are what the last batch is left with, half full on average,
    # unless so many are cut at the same length that earlier batches reach it too.
    cut = run.data.max_tokens is not None and run.data.max_tokens <= _COMMONLY_CUT
    in_evaluation = EVALUATION_BATCH_SIZE * (1.0 if cut else 0.5) * (units * cell.evaluation + read)
    return round(_FLOAT * size.longest * max(in_training, in_evaluation))


def parameters_of(run: ExperimentConfig, words: int | None = None) -> int:
    """Return about how many parameters a run trains, with `words` different ones; as many as expected without."""
    known = expected_size(run).words if words is None else words
    if transformers.is_transformer(run):
        return transformers.parameter_count(run, known)
    return _parameters(run.model, _dim(run)) + (0 if run.model.freeze_embeddings else known * _dim(run))


def _parameter_bytes(run: ExperimentConfig, words: int) -> int:
    return round(_FLOAT * parameters_of(run, words) * _copies(run.training))


def _copies(training: TrainingConfig) -> float:
    copies = 1.0 + _OPTIMIZER[training.optimizer]
    if training.optimizer == "sgd":
        copies += (1.0 if training.momentum else 0.0) + (1.0 if RULES[training.clipping].turns else 0.0)
    # The average, and the weights it stands in for during an evaluation; the best weights so far.
    return copies + (2.0 if training.weight_averaging else 0.0) + (1.0 if training.early_stopping else 0.0)


def _parameters(model: ModelConfig, dim: int) -> int:
    directions = 2 if model.bidirectional else 1
    gates = CELLS[model.cell].gates * model.hidden_size
    units = model.hidden_size * directions
    inputs = [dim] + [units] * (model.num_layers - 1)
    recurrent = sum(directions * gates * (size + model.hidden_size + 2) for size in inputs)
    head = [units * len(model.pooling), *model.head_sizes, 1]
    attention = 2 * units * model.hidden_size if "attention_additive" in model.pooling else 0
    return recurrent + attention + sum((size + 1) * following for size, following in pairwise(head))


def _dim(run: ExperimentConfig) -> int:
    return _DIM.get(run.data.embeddings, run.data.embedding_dim)
