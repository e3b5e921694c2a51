"""One explanation to take along: a self-contained HTML page, or a JSON document. Both hold every character of the text.

The page needs no script and no network, follows the reader's light or dark theme, and treats the review as hostile:
everything that was not written here is escaped.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from html import escape
from importlib.metadata import version
from typing import Any

from sentiment_core.explain.export_style import STYLE
from sentiment_core.explain.records import Attribution, Completeness, Explanation, TokenScore
from sentiment_core.explain.unseen import REMEMBERED
from sentiment_core.number_words import equals

FORMAT = 1
LABELS = ("negative", "positive")
PACKAGES = ("torch", "captum", "numpy")
# HTML cannot hold these at all; the standard says to read them as the replacement character.
_IMPOSSIBLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class ModelRows:
    """What one model says about the text, with the name to show for it and one attribution per method.

    `seen`: whether the model has learned from the text, None where nobody can tell.
    """

    name: str
    explanation: Explanation
    attributions: tuple[Attribution, ...]
    seen: bool | None = None


def as_document(text: str, models: Sequence[ModelRows]) -> dict[str, Any]:
    """Return what JSON can hold: the text, and for each model its answer, its methods and its tokens.

    Tokens carry offsets into the text and a score per method, None where the model did not use the token.
    """
    return {
        "format": FORMAT,
        "text": text,
        "models": [
            {
                "id": model.explanation.model_id,
                "name": model.name,
                "probability": model.explanation.probability,
                "label": model.explanation.label,
                "step": model.explanation.step,
                "seen": model.seen,
                "truncated": model.explanation.truncated,
                "known_tokens": model.explanation.known_tokens,
                "used_tokens": model.explanation.used_tokens,
                "methods": [_described(attribution) for attribution in model.attributions],
                "tokens": [
                    {
                        "text": token.text,
                        "start": token.start,
                        "end": token.end,
                        "known": token.known,
                        "used": token.used,
                        "scores": {
                            attribution.method: float(attribution.scores[place]) if token.used else None
                            for attribution in model.attributions
                        },
                    }
                    for place, token in enumerate(model.explanation.tokens)
                ],
            }
            for model in models
        ],
        "versions": versions(),
    }


def as_html(text: str, models: Sequence[ModelRows], title: str = "Explanation") -> str:
    """Return a whole HTML page: the text coloured by each method for each model, legends, and tables of the numbers.

    Models share one scale per method, so their rows can be compared.
    """
    largest: dict[str, float] = {}
    for attribution in (attribution for model in models for attribution in model.attributions):
        size = float(abs(attribution.scores).max(initial=0.0))
        largest[attribution.method] = max(largest.get(attribution.method, 0.0), size)
    body = "".join(_model(text, model, largest) for model in models)
    made = ", ".join(f"{name} {number}" for name, number in versions().items())
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{_text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{_text(title)}</h1>\n{body}"
        '<p class="note"><s>Struck through</s>: no vector, the model never saw it. <i>Faded</i>: beyond the part that '
        f"the model reads. Made with Sentiment Lab; {_text(made)}.</p>\n</body>\n</html>\n"
    )


def versions() -> dict[str, str]:
    """Return the version of Python and of each package that the numbers come from."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def _described(attribution: Attribution) -> dict[str, Any]:
    return {
        "method": attribution.method,
        "title": attribution.title,
        "signed": attribution.signed,
        "target": attribution.target,
        "baseline": attribution.baseline,
        "window": attribution.window,
        "passes": attribution.passes,
        "seconds": attribution.seconds,
        "completeness": asdict(attribution.completeness) if attribution.completeness else None,
        "parts": attribution.parts,
    }


def _model(text: str, model: ModelRows, largest: dict[str, float]) -> str:
    explanation = model.explanation
    read = f"{explanation.used_tokens} of {len(explanation.tokens)} tokens read"
    if explanation.truncated:
        read += f": {explanation.read} that it knows"
    if explanation.step is not None:
        read += f"; weights after update {explanation.step:,}"
    answer = f"<b>{LABELS[explanation.label]}</b>, P(positive) {_text(equals(explanation.probability))}"
    parts = [f"<section>\n<h2>{_text(model.name)}</h2>\n<p>{answer} · {read}</p>\n"]
    if model.seen:
        parts.append(f'<p class="note">{_text(f"{model.name} {REMEMBERED}")}</p>\n')
    for attribution in model.attributions:
        scale = largest[attribution.method]
        parts.append(f"<h3>{_text(attribution.title)}</h3>\n{_legend(attribution, scale)}{_completeness(attribution)}")
        parts.append(f'<p class="text" dir="auto">{"".join(_coloured(text, explanation, attribution, scale))}</p>\n')
    if not model.attributions:
        parts.append(f'<p class="text" dir="auto">{_text(text)}</p>\n')
    parts.append(_table(model))
    parts.append("</section>\n")
    return "".join(parts)


def _coloured(text: str, explanation: Explanation, attribution: Attribution, largest: float) -> Iterator[str]:
    place = 0
    for token, score in zip(explanation.tokens, attribution.towards_positive.tolist(), strict=True):
        yield _text(text[place : token.start])
        yield _token(token, score, attribution.signed, largest)
        place = token.end
    yield _text(text[place:])


def _token(token: TokenScore, score: float, signed: bool, largest: float) -> str:
    word = _text(token.text)
    if not token.known:
        return f"<s>{word}</s>"
    if not token.used:
        return f"<i>{word}</i>"
    share = abs(score) / largest if largest else 0.0
    # The sign has a mark besides its colour: a line under what speaks for positive, dots under the rest.
    kind = "w" if not signed else "up" if score >= 0 else "down"
    return f'<span class="{kind}" style="--s:{share:.3f}" title="{_number(score, signed)}">{word}</span>'


def _legend(attribution: Attribution, largest: float) -> str:
    if not attribution.signed:
        note = f" · {_text(attribution.parts_note)}" if attribution.parts_note else ""
        return f'<p class="note">0 <span class="ramp"></span> {_number(largest, False)}{note}</p>\n'
    return (
        f'<p class="note"><span class="down">for negative</span> {_number(-largest, True)} '
        f'<span class="ramp signed"></span> {_number(largest, True)} <span class="up">for positive</span> · log-odds'
        f"{f', {attribution.window} neighbouring tokens share a score' if attribution.window > 1 else ''}</p>\n"
    )


def _completeness(attribution: Attribution) -> str:
    found: Completeness | None = attribution.completeness
    if found is None:
        return ""
    sign = 1 if attribution.target else -1
    return (
        f'<p class="note">The scores add up to {sign * found.total:+.4f}; the log-odds differ from the baseline '
        f"({_text(attribution.baseline or 'none')}) by {sign * found.difference:+.4f} ({found.relative_error:.2%} off)."
        "</p>\n"
    )


def _table(model: ModelRows) -> str:
    head = "".join(f"<th>{_text(attribution.title)}</th>" for attribution in model.attributions)
    scores = [attribution.towards_positive.tolist() for attribution in model.attributions]
    rows = [
        f'<tr><td>{token.start}</td><td dir="auto">{_text(token.text)}</td>'
        + "".join(
            f"<td>{_number(row[place], attribution.signed)}</td>"
            for row, attribution in zip(scores, model.attributions, strict=True)
        )
        + "</tr>\n"
        for place, token in enumerate(model.explanation.tokens)
        if token.used
    ]
    return (
        "<details><summary>The numbers</summary>\n<table>\n"
        f"<tr><th>Character</th><th>Token</th>{head}</tr>\n{''.join(rows)}</table>\n</details>\n"
    )


def _number(value: float, signed: bool) -> str:
    return (f"{value:+.4g}" if signed else f"{value:.4g}").replace("-", "−")


def _text(text: str) -> str:
    """Return `text` as HTML text; a carriage return is spelled out, or the parser would make it a line feed."""
    return _IMPOSSIBLE.sub("\ufffd", escape(text)).replace("\r", "&#13;")
