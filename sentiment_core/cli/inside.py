"""Commands that look into networks."""

from __future__ import annotations

import argparse
from typing import Any


def glass(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.inside.glass import look
    from sentiment_core.inside.glass_document import document, table
    from sentiment_core.inside.glass_words import sentences
    from sentiment_core.inside.shipped import load_to_look
    from sentiment_core.store import Store

    with Store() as store:
        predictor = load_to_look(options.model, store, options.step)
    label = {"positive": 1, "negative": 0}.get(options.label)
    seen = look(predictor, options.text, options.padding, label)
    found = document(seen, options.text)
    return {**found, "said": sentences(seen)}, "\n".join([table(found), *sentences(seen)])
