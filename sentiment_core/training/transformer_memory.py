"""What a Transformer takes of memory: the part of `memory.py` that knows how it is built. Imports no torch.

In numbers of 4 bytes, for one run of B texts of T pieces, H units, F between the two linear layers of each of L layers:

    training    B × T × (L · (9 H + 2 F) + 6 H + 1.5 F) + what of it is filled in · 4 V
    evaluation  B × T × (9 H + 2.5 F) + what of it is filled in · 2 V

It grows with T, not with T²: PyTorch's fused attention keeps no weights (Dao et al. 2022, "FlashAttention"). The
factors are peaks on a CPU, measured by `benchmarks/memory.py`.
"""

from __future__ import annotations

from sentiment_core.architecture import SPECIAL_IN_REVIEW
from sentiment_core.config import ExperimentConfig
from sentiment_core.settings import ModelConfig
from sentiment_core.shipped_bert import shipped_config, shipped_names
from sentiment_core.tasks import PAIRS, TASKS, TRANSFORMER

REVIEWS_EVALUATED, PAIRS_EVALUATED = 256, 128  # in one batch

_STATE_DROPOUT, _EMBEDDING_DROPOUT = 5.5, 2.0  # a layer, and once, per unit
_SEGMENTS = 2
# In an evaluation; what is asked there depends on no setting, so that runs can be compared.
_USUAL_SHARE = 0.15


def is_transformer(run: ExperimentConfig) -> bool:
    """Whether it trains one."""
    return TRANSFORMER in TASKS[run.task].topics


def reads_pairs(run: ExperimentConfig) -> bool:
    """Whether it learns from pairs of segments, and fills in words, rather than from whole reviews."""
    return PAIRS in TASKS[run.task].topics


def pieces_read(run: ExperimentConfig, longest: int) -> int:
    """Return how long a text is at most, special pieces counted, where the longest review has `longest` pieces."""
    if reads_pairs(run):
        return run.data.pair_tokens
    return min(longest, run.data.max_tokens or longest) + SPECIAL_IN_REVIEW


def vocabulary_of(run: ExperimentConfig) -> int:
    """Return about how many pieces it knows; those of another run are thought as many as the settings say."""
    name = run.model.pretrained
    return (shipped_config(name) if name in shipped_names() else run).data.vocabulary_size


def numbers_kept(run: ExperimentConfig, longest: int, words: int) -> tuple[float, float]:
    """Return how many numbers a batch keeps at its peak, in training and in an evaluation; `words` different pieces."""
    model, pairs = run.model, reads_pairs(run)
    units, between = model.hidden_size, model.feed_forward_size
    dropped = _STATE_DROPOUT if model.state_dropout else 0.0
    kept = model.num_layers * ((9.0 + dropped) * units + 2.0 * between) + 6.0 * units + 1.5 * between
    kept += units * (_EMBEDDING_DROPOUT if model.embedding_dropout else 0.0)
    shown = 9.0 * units + 2.5 * between
    if pairs:
        kept += 4.0 * run.training.mask_share * words
        shown += 2.0 * _USUAL_SHARE * words
    evaluated = PAIRS_EVALUATED if pairs else REVIEWS_EVALUATED
    return longest * run.training.batch_size * kept, longest * evaluated * shown


def parameter_count(run: ExperimentConfig, words: int) -> int:
    """Return how many parameters it trains, with `words` different pieces."""
    model = run.model
    units = model.hidden_size
    fixed = (words + _SEGMENTS) * units + 2 * units + (units + 1) * (units + 1)  # with the layer over [CLS], its answer
    if model.positions == "learned":
        fixed += _places(run) * units
    if reads_pairs(run):
        fixed += units * units + 3 * units + words  # the layer before the words, its norm, their biases
    return fixed + model.num_layers * _layer(model) + (2 * units if model.norm_place == "pre" else 0)


def _layer(model: ModelConfig) -> int:
    units, between = model.hidden_size, model.feed_forward_size
    return 4 * units * (units + 1) + 2 * units * between + between + units + 4 * units


def _places(run: ExperimentConfig) -> int:
    if reads_pairs(run):
        return run.data.pair_tokens
    own = (run.data.max_tokens or 0) + SPECIAL_IN_REVIEW
    name = run.model.pretrained
    return max(own, shipped_config(name).data.pair_tokens) if name in shipped_names() else own
