"""Commands that look into networks."""

from __future__ import annotations

import argparse
from typing import Any

from sentiment_core.cli.numbers import finite


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


def looks(options: argparse.Namespace) -> tuple[Any, str]:
    from sentiment_core.inside.watched import columns_in_words, watched
    from sentiment_core.store import Store

    with Store() as store:
        store.run(options.run_id)
        found = watched(store, options.run_id)
    if not found.steps:
        return [], "This run did not watch its inside; train with --set watch_every=20."
    words = columns_in_words()
    seen = [
        {
            "step": step,
            **{name: finite(values[place]) for name, values in found.numbers.items()},
            "recurrent_radius": [[finite(gate) for gate in direction] for direction in found.radius[place]],
            "recurrent_stretch": [[finite(gate) for gate in direction] for direction in found.stretch[place]],
            "gradient_through_time": [
                {"tokens_before_the_last": word, "log10_length": finite(length), "reviews": int(reviews)}
                for word, length, reviews in zip(words, found.lengths[place], found.reviews[place], strict=False)
                if reviews
            ],
        }
        for place, step in enumerate(found.steps)
    ]
    lines = [",".join(["step", *found.numbers])]
    lines += [
        ",".join([str(step), *(f"{values[place]:.5g}" for values in found.numbers.values())])
        for place, step in enumerate(found.steps)
    ]
    return seen, "\n".join(lines)
