"""The figures of one review: deletion and insertion curves, and P(positive) while reading along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sentiment_core.colours import ATTENTION, NEUTRAL
from sentiment_core.explain import METHODS, ReadingAlong
from sentiment_core.explain.faithfulness import FRACTIONS, RANDOM
from ui.explain.answers import Answer
from ui.explain.words import words_read
from ui.kit.palette import run_colour

WHOLE_LABEL = 60
# As many words fit under the axis at 1280 pixels.
MOST_TICKS = 60


def curves_figure(found: Mapping[str, Any]) -> go.Figure:
    """Draw P of the class explained while tokens go (left) and come (right), in the order of each method."""
    figure = make_subplots(
        cols=2, shared_yaxes=True, horizontal_spacing=0.04, subplot_titles=("Top share deleted", "Only top share kept")
    )
    colours = method_colours()
    for name, item in found.items():
        for column, values in enumerate((item.deletion, item.insertion), start=1):
            figure.add_scatter(
                x=[100 * fraction for fraction in FRACTIONS],
                y=values,
                mode="lines+markers",
                name=METHODS[name].title,
                legendgroup=name,
                showlegend=column == 1,
                line={"color": colours[name], "width": 2, "dash": "dot" if name == RANDOM else "solid"},
                marker={"size": 5},
                hovertemplate="%{x:g} % of the tokens: %{y:.3f}<extra>%{fullData.name}</extra>",
                row=1,
                col=column,
            )
    figure.update_xaxes(ticksuffix=" %", range=[-1, 101], zeroline=False)
    figure.update_yaxes(range=[-0.02, 1.02], zeroline=False)
    figure.update_yaxes(title_text="P(class explained)", col=1)
    figure.update_layout(
        height=330, margin={"l": 10, "r": 10, "t": 36, "b": 10}, legend={"orientation": "h", "y": -0.16, "x": 0}
    )
    return figure


def method_colours() -> dict[str, str]:
    """Return the colour of each method, the same whichever others are chosen; random order is grey."""
    own = {"attention": ATTENTION.line, RANDOM: NEUTRAL}
    others = [name for name in METHODS if name not in own]
    return own | {name: run_colour(place) for place, name in enumerate(others)}


def along_figure(answers: Sequence[tuple[Answer, ReadingAlong]]) -> go.Figure:
    """Draw P(positive) of each model after each token, with the words on hover."""
    figure = go.Figure()
    for place, (answer, found) in enumerate(answers):
        before = [0, *found.after.tolist()[:-1]]
        words = [
            # Plotly reads tags in labels; a review is hostile until proven otherwise.
            escape(words_read(answer.explanation, first, last)[:WHOLE_LABEL])
            for first, last in zip(before, found.after.tolist(), strict=True)
        ]
        figure.add_scatter(
            x=found.after,
            y=found.probabilities,
            customdata=words,
            text=found.after,
            mode="lines+markers" if len(words) < 2 * WHOLE_LABEL else "lines",
            name=escape(answer.info.name),
            line={"color": run_colour(place), "width": 2},
            marker={"size": 4},
            hovertemplate="%{customdata}<br>after %{text} tokens: %{y:.3f}<extra>%{fullData.name}</extra>",
        )
    figure.add_hline(0.5, line={"color": NEUTRAL, "width": 1, "dash": "dot"})
    figure.update_xaxes(title_text="tokens read", zeroline=False)
    if len(answers) == 1 and len(words) <= MOST_TICKS:
        # Of categories Plotly leaves out those that a narrow screen has no room for, of given ticks none.
        said = {str(after): word.rsplit(" ", 1)[-1] for after, word in zip(found.after, words, strict=True)}
        figure.update_xaxes(title_text="words in their order", type="category", labelalias=said, tickangle=-60)
    figure.update_yaxes(title_text="P(positive)", range=[-0.02, 1.02], zeroline=False)
    figure.update_layout(
        height=300,
        margin={"l": 10, "r": 10, "t": 30 if len(answers) > 1 else 10, "b": 10},
        showlegend=len(answers) > 1,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    )
    return figure
