"""One review, word by word, through the units of a trained network, and the gradient of its loss on the way back."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from sentiment_core.errors import DataError
from sentiment_core.explain.predictor import Predictor, check_text, sigmoid
from sentiment_core.inside.measures import MOST_PADDING, MOST_TOKENS
from sentiment_core.models import ModelOutput, SentimentModel
from sentiment_core.models.encoder import reorder, reversal
from sentiment_core.models.through_time import gradient_norms
from sentiment_core.steps.rules import EVEN_LOG_ODDS, SATURATED, positive

# Where every prefix must be read anew: so many tokens in all, spread evenly over the review.
PREFIX_TOKENS = 8_000
# Prefixes that are pooled at once, each with all states.
CHUNK = 64


@dataclass(frozen=True, eq=False)
class Glass:
    """What happened inside, over S = T + P time steps: T tokens of the text, then P of padding, in H units.

    `states (S, H)` are the uppermost layer's, the units that read backward last; NaN where those have nothing to say:
    behind the review. `gates` have the states' shape, values 0..1, by name in the order in which they act.
    `gradient (S,)` is ‖∂L/∂h_t‖ through all later steps, L the loss (nats) against `label`; 0 is what float32 makes of
    less than about 1e-38. `log_odds (S,)` of positive, calibrated, if the review ended there; NaN where not asked.
    """

    starts: np.ndarray  # (T,) characters of the text
    ends: np.ndarray
    token_ids: np.ndarray  # (T,) ids of the model's word vectors
    known: int  # tokens that the model reads of the text, T or more
    unknown: int  # tokens that it has no vectors for, which it never sees
    padding: int
    states: np.ndarray
    forward_units: int  # the first so many units read forward
    gates: dict[str, np.ndarray]
    attention: np.ndarray | None  # (S,)
    log_odds: np.ndarray
    gradient: np.ndarray
    order: np.ndarray  # (H,) units, see `reading_order`
    label: int
    loss: float

    @property
    def probabilities(self) -> np.ndarray:
        """Return P(positive) `(S,)` if the review ended after each step; NaN where it was not asked."""
        return sigmoid(self.log_odds)

    @property
    def saturated(self) -> np.ndarray:
        """Return which units are saturated at each step `(S, H)`: |h| > 0.97."""
        return np.asarray(np.abs(self.states) > SATURATED)


def look(
    predictor: Predictor, text: str, padding: int = 0, label: int | None = None, bare: Glass | None = None
) -> Glass:
    """Return what happens when `predictor` reads `text` with `padding` zero vectors behind it.

    L is the binary cross-entropy of the uncalibrated log-odds, as in training, against `label`: 1 positive, 0 negative,
    None the class that is predicted. `bare` is the same text seen without padding, whose answers word by word need not
    be asked again. Raises `DataError` for a text that is empty, too long or without a known word, and for more padding
    than `MOST_PADDING`.
    """
    check_text(text)
    if not 0 <= padding <= MOST_PADDING:
        raise DataError(f"padding must be from 0 to {MOST_PADDING} (got {padding})")
    tokens, used = predictor.read(text)
    places = np.flatnonzero(used)[:MOST_TOKENS]
    row = tokens.token_ids[places]
    if not len(row):
        raise DataError("the model knows no word of this review; write a few more")
    if not isinstance(predictor.model, SentimentModel):
        raise DataError(f"{predictor.model_id} has no states from word to word; choose a recurrent network")
    # A copy of its own: what is watched keeps what passes through, and others may ask the same model just now.
    model = deepcopy(predictor.model)
    vectors = predictor.embedded(row[None, :])
    embedded = torch.cat([vectors, vectors.new_zeros(1, padding, vectors.shape[2])], dim=1).requires_grad_()
    lengths = torch.tensor([len(row)])
    passes: list[tuple[nn.RNNBase, torch.Tensor, torch.Tensor]] = []
    for layer in model.encoder.uppermost:
        layer.register_forward_hook(lambda of, given, made: passes.append((of, given[0], made[0])))
    with torch.enable_grad(), model.watch_states() as watch:
        output = model.classify(embedded, lengths)
    answer = output.logits[0]
    said = answer.item()
    target = int(positive(said, EVEN_LOG_ODDS)) if label is None else label
    loss = F.binary_cross_entropy_with_logits(answer, torch.full_like(answer, target))
    loss.backward()
    watched = watch.states()
    assert watched.grad is not None
    states = watched[0].cpu().numpy().copy()
    forward_units = model.encoder.hidden_size
    states[len(row) :, forward_units:] = np.nan
    with torch.inference_mode():
        log_odds = _after_each(predictor, model, row, output, bare)
    return Glass(
        starts=tokens.starts[places],
        ends=tokens.ends[places],
        token_ids=row,
        known=int(used.sum()),
        unknown=int((tokens.token_ids == 0).sum()),
        padding=padding,
        states=states,
        forward_units=forward_units,
        gates=_gates(passes, lengths),
        attention=None if output.attention_weights is None else output.attention_weights[0].detach().cpu().numpy(),
        log_odds=log_odds,
        # Counted back from the end of all steps, padding among them; here from the first on.
        gradient=gradient_norms(watched.grad, lengths + padding)[0].flip(0).double().cpu().numpy(),
        order=reading_order(states[: len(row)], log_odds[: len(row)], forward_units),
        label=target,
        loss=loss.item(),
    )


def reading_order(states: np.ndarray, log_odds: np.ndarray, forward_units: int) -> np.ndarray:
    """Return the units `(H,)` from those that rise with the answer over the words to those that fall with it.

    By the correlation of `states (T, H)` with `log_odds (T,)` of positive after each word, NaN where they were not
    asked; units that stand still lie in the middle. The first `forward_units` and the others are ordered apart.
    """
    asked = np.isfinite(log_odds)
    if not asked.any():
        return np.arange(states.shape[1])
    moved = states[asked] - states[asked].mean(axis=0)
    answer = log_odds[asked] - log_odds[asked].mean()
    scale = np.sqrt(np.square(moved).sum(axis=0) * np.square(answer).sum())
    correlation = np.where(scale > 1e-12, answer @ moved / np.maximum(scale, 1e-12), 0.0)
    behind = np.arange(states.shape[1]) >= forward_units
    return np.asarray(np.lexsort((-correlation, behind)))


def _after_each(
    predictor: Predictor, model: SentimentModel, row: np.ndarray, output: ModelOutput, bare: Glass | None
) -> np.ndarray:
    """Return the calibrated log-odds `(S,)` after each step, NaN where they were not asked.

    A network that reads forward only has the same states whatever follows: pooling the first n of them is reading n
    tokens. One that also reads backward must read each beginning of the review anew.
    """
    count, steps = len(row), output.hidden_states.shape[1]
    mistaken = bool(predictor.config.model.mistakes)
    found = np.full(steps, np.nan)
    own = np.arange(steps) if not (model.encoder.backward_layers or mistaken) else np.arange(count, steps)
    if len(own) < steps and bare is not None:
        found[:count] = bare.log_odds
    elif len(own) < steps:
        points = min(count, max(2 * PREFIX_TOKENS // count, 2))
        after = np.unique(np.linspace(1, count, points).round().astype(np.int64))
        # One by one where a network mistakes what shares its batch for its own.
        parts = [after[place : place + 1] for place in range(len(after))] if mistaken else [after]
        for part in parts:
            found[part - 1] = predictor.logits([row[:length] for length in part])
    answer = output.logits[0].item() / predictor.temperature
    if not mistaken:
        if "padded_last" not in predictor.config.model.pooling:
            # No other pooling reads what lies behind the review.
            found[count:], own = answer, own[own < count]
        for start in range(0, len(own), CHUNK):
            places = own[start : start + CHUNK]
            found[places] = _pooled(model, output.hidden_states, places, count) / predictor.temperature
    found[-1] = answer
    return found


def _pooled(model: SentimentModel, states: torch.Tensor, places: np.ndarray, count: int) -> np.ndarray:
    """Return the log-odds `(N,)` of a review of `count` tokens, with `states (1, S, H)`, that ends at `places (N,)`."""
    ends = torch.from_numpy(places).to(states.device)
    lengths = (ends + 1).clamp(max=count)
    expanded = states.expand(len(ends), -1, -1)
    mask = torch.arange(states.shape[1], device=states.device) < lengths[:, None]
    last, padded_last = (model.encoder.last_state(expanded, at) for at in (lengths - 1, ends))
    pooled, _ = model.pool(expanded, mask, last, padded_last)
    answers = model.head(model.state_norm(pooled, torch.ones_like(lengths, dtype=torch.bool)))
    return np.asarray(answers.squeeze(-1).double().cpu().numpy())


def _gates(passes: list[tuple[nn.RNNBase, torch.Tensor, torch.Tensor]], lengths: torch.Tensor) -> dict[str, np.ndarray]:
    """Return each gate `(S, H)` of the uppermost layer, from what passed through it; of a tanh RNN there are none."""
    halves = []
    for place, (layer, inputs, outputs) in enumerate(passes):
        made = gates(layer, inputs.detach(), outputs.detach())
        if place:
            order = reversal(lengths, inputs.shape[1])
            made = {name: reorder(values, order) for name, values in made.items()}
        arrays = {name: values[0].cpu().numpy().copy() for name, values in made.items()}
        if place:
            for values in arrays.values():
                values[int(lengths) :] = np.nan
        halves.append(arrays)
    return {name: np.concatenate([half[name] for half in halves], axis=1) for name in halves[0]}


def gates(layer: nn.RNNBase, inputs: torch.Tensor, outputs: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return the gates `(B, T, H)`, 0..1, of a GRU (Cho et al. 2014) or an LSTM (Hochreiter & Schmidhuber 1997).

    `inputs (B, T, E)` and its `outputs (B, T, H)` say all: each gate is σ(W x_t + U h_{t−1} + b), h_{−1} = 0. PyTorch
    stacks the weights in the order r, z, n and i, f, g, o.
    """
    names = {nn.GRU: ("reset", "update", ""), nn.LSTM: ("input", "forget", "", "output")}.get(type(layer), ())
    if not names:
        return {}
    weights = dict(layer.named_parameters())
    before = F.pad(outputs[:, :-1], (0, 0, 1, 0))
    driven = F.linear(inputs, weights["weight_ih_l0"], weights["bias_ih_l0"])
    driven = driven + F.linear(before, weights["weight_hh_l0"], weights["bias_hh_l0"])
    parts = driven.chunk(len(names), dim=-1)
    return {name: part.sigmoid() for name, part in zip(names, parts, strict=True) if name}
