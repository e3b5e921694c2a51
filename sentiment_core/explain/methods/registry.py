"""Which explanation methods there are, and how to apply several of them to one text."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sentiment_core.errors import ConfigError
from sentiment_core.explain.methods.base import DEFAULT_BASELINE, Method
from sentiment_core.explain.methods.windows import occlusions
from sentiment_core.explain.records import Attribution
from sentiment_core.steps.rules import EVEN_LOG_ODDS, positive

if TYPE_CHECKING:
    from sentiment_core.explain.predictor import Predictor

METHODS: dict[str, Method] = {
    item.name: item
    for item in (
        Method(
            "attention",
            "Attention",
            signed=False,
            description="The share of each token's state in the weighted sum that the decision is made from. Where a "
            "model pools in other ways beside it, that sum is one part of several. In a Transformer: what [CLS] looks "
            "at in the last layer, the mean of its heads.",
            cost="1 pass",
            passes=lambda _tokens: 1,
            module="attention",
            needs_attention=True,
        ),
        Method(
            "integrated_gradients",
            "Integrated gradients",
            signed=True,
            description="Gradients added up on the straight way from a baseline to the review, times that way. "
            "They add up to what the review changes in the log-odds.",
            cost="40 to 500 passes, most of them forward and back",
            # 37 where nothing has to be refined, as for most networks that learned something.
            passes=lambda tokens: 3 * min(50, 150_000 / max(tokens, 1)),
            module="integrated_gradients",
            uses_baseline=True,
        ),
        Method(
            "gradient_x_input",
            "Gradient × input",
            signed=True,
            description="The gradient of the log-odds times each token's vector: to first order, what they would lose "
            "if the vector were zero. Exact only for a linear model.",
            cost="1 pass forward and back",
            passes=lambda _tokens: 3,
            module="gradient_x_input",
        ),
        Method(
            "occlusion_delete",
            "Occlusion: delete",
            signed=True,
            description="How much the log-odds fall when the token is taken out and the review closes up.",
            cost="1 pass a token",
            passes=occlusions,
            module="occlusion_delete",
        ),
        Method(
            "occlusion_mask",
            "Occlusion: mask",
            signed=True,
            description="How much the log-odds fall when a vector that says nothing stands in the token's place.",
            cost="1 pass a token",
            passes=occlusions,
            module="occlusion_mask",
            uses_baseline=True,
        ),
        Method(
            "random",
            "Random order",
            signed=False,
            description="Drawn numbers: the control that every explanation has to beat.",
            cost="no pass",
            passes=lambda _tokens: 0,
            module="random",
        ),
    )
}

ALIASES = {"occlusion": "occlusion_delete"}


def method(name: str) -> Method:
    """Return the method called `name`; raise `ConfigError` naming those there are."""
    if name not in METHODS:
        raise ConfigError(f"there is no explanation method {name!r}; use one of {', '.join(METHODS)}")
    return METHODS[name]


def named(list_of_names: str) -> dict[str, Method]:
    """Return the methods of a list such as `attention, occlusion`, each under the name it was asked for by.

    `occlusion` means `occlusion_delete`. Raises `ConfigError` for an empty list or an unknown name.
    """
    names = [name.strip() for name in list_of_names.split(",")]
    return {name: method(ALIASES.get(name, name)) for name in names}


def attribute(
    predictor: Predictor,
    text: str,
    methods: Sequence[str],
    target: int | None = None,
    baseline: str = DEFAULT_BASELINE,
) -> list[Attribution]:
    """Score the tokens of `text` with each method, for `target` (0 or 1; None: the class that the model predicts).

    Raises `DataError` for a text that is empty or too long, `ConfigError` for an impossible method, target or baseline.
    """
    from sentiment_core.explain.predictor import check_text

    check_text(text)
    chosen = [method(name) for name in methods]
    tokens, used = predictor.read(text)
    token_ids = tokens.token_ids[used]
    if target is None:
        target = int(positive(predictor.logits([token_ids])[0], EVEN_LOG_ODDS))
    results = []
    for item in chosen:
        started = time.perf_counter()
        found = item.score(predictor, token_ids, target, baseline=baseline)
        scores = np.zeros(len(used))
        scores[used] = found.scores
        results.append(
            Attribution(
                method=item.name,
                title=item.title,
                signed=item.signed,
                target=target,
                scores=scores,
                passes=found.passes,
                seconds=time.perf_counter() - started,
                baseline=baseline if item.uses_baseline else None,
                window=found.window,
                completeness=found.completeness,
                parts=predictor.parts if item.needs_attention else 1,
            )
        )
    return results
