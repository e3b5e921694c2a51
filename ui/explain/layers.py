"""Below the heatmap: where [CLS] looks in each head of a Transformer's layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from sentiment_core.number_words import percent
from ui.addresses import MOST_LAYERS, REVIEW
from ui.explain.answers import Answer
from ui.explain.blocks import heatmap_token, nodes_of
from ui.kit.components.heatmap import Block, HeatmapRow, heatmap
from ui.kit.kept import kept
from ui.kit.predictor import predictor
from ui.kit.terms import caption


@kept(max_entries=24)
def _attention(model_id: str, version: str, text: str) -> Any:
    return predictor(model_id, version).attention(text)


def draw(answers: Sequence[Answer]) -> None:
    """Draw a row for each head of the chosen layer, and their mean, for each Transformer among the answers."""
    found = {
        answer.info.id: _attention(answer.info.id, answer.info.version, answer.text)
        for answer in answers
        if not answer.info.has_states and answer.explanation.used_tokens
    }
    if not found:
        st.caption("None of these models is a Transformer that has read a piece of this review.")
        return
    most = max(len(weights) for weights in found.values())
    if (REVIEW.value("layer") or MOST_LAYERS + 1) > most:
        REVIEW.put(layer=most)
    st.segmented_control("Layer", range(1, most + 1), key=REVIEW.key("layer"), required=True)
    layer = REVIEW.value("layer")
    blocks = [
        block(answer, found[answer.info.id][layer - 1])
        for answer in answers
        if len(found.get(answer.info.id, ())) >= layer
    ]
    heatmap(answers[0].text, blocks, key="explain:layers")
    caption(
        f"Layer {layer} of {most}: what [CLS] attends to, from which the answer is read. Each row adds up to 1 with "
        "what [CLS] and [SEP] get themselves. Where a head looks does not explain the answer: see Faithfulness."
    )


def block(answer: Answer, weights: np.ndarray) -> Block:
    """Return the rows of a layer's `weights (heads, T + 2, T + 2)` over the text: the mean of the heads, then each."""
    tokens = answer.explanation.tokens
    nodes = nodes_of(tokens)
    of_cls = weights[:, 0]  # (heads, T + 2)
    rows = {"Attention": of_cls.mean(axis=0)}
    rows |= {f"Head {number}": row for number, row in enumerate(of_cls, start=1)}
    places = np.cumsum([token.used for token in tokens])  # of a used token: its place behind [CLS]
    return Block(
        title=answer.info.name,
        verdict="",
        note="",
        tokens=tuple(heatmap_token([tokens[place] for place in node]) for node in nodes),
        rows=tuple(
            HeatmapRow(
                title=title,
                scale="attention",
                signed=False,
                scores=tuple(float(row[places[node.start]]) if tokens[node.start].used else None for node in nodes),
                note=("mean of the heads; " if title == "Attention" else "")
                + f"{percent(row[0] + row[-1])} on [CLS] and [SEP]",
            )
            for title, row in rows.items()
        ),
    )
