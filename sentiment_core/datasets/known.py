"""What is known of reviews that were read before: who trains on them again need not read them.

To read 40,000 reviews and look for copies among them takes longer than all the rest between a click and the first
update, and once they are encoded a training has no use for a text. Kept is what it asks for: labels, the source's
own parts, hashes of the texts, and what was odd about reading them; no text. What is kept goes by the content of the
source and how it is read, so that a changed file is another one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from sentiment_core.array_files import Arrays, cache_path, read_cache, write_cache
from sentiment_core.datasets.base import RawReviews, UnreadTexts
from sentiment_core.datasets.copies import exact_hashes, text_hashes
from sentiment_core.errors import DataError
from sentiment_core.progress import Progress, silent
from sentiment_core.settings import DataConfig
from sentiment_core.sources import Source

# Part of every cache key: raise it when what is kept changes, or a hash of any text.
KNOWN_VERSION = 1


def read_once(source: Source, data: DataConfig, progress: Progress) -> RawReviews:
    """Return what `source.load` does; reviews that were read before have texts that are read when they are looked at.

    Raises what `source.load` does, and so do the texts; those also where the source has changed in the meantime.
    """
    recipe = None if source.is_quick(data) else source.recipe(data)
    if recipe is None:
        return source.load(data, progress)
    path = cache_path("readings", f"{recipe}|{KNOWN_VERSION}|known")
    known = read_cache(path, _known)
    if known is not None:
        return replace(known, texts=UnreadTexts(len(known.labels), partial(_texts, source, data, recipe)))
    loaded = source.load(data, progress)
    found = replace(loaded, known_hashes=text_hashes(loaded.texts), known_contents=exact_hashes(loaded.texts))
    # What was changed while it was read is kept under no name.
    if source.recipe(data) == recipe:
        write_cache(path, **_arrays(found))
    return found


def _texts(source: Source, data: DataConfig, recipe: str) -> Sequence[str]:
    texts = source.load(data, silent).texts
    if source.recipe(data) != recipe:
        raise DataError("the reviews have changed since they were read; start again to read them as they are now")
    return texts


def _arrays(found: RawReviews) -> dict[str, np.ndarray]:
    assert found.evidence is None and found.known_hashes is not None and found.known_contents is not None
    return {
        "labels": found.labels,
        "parts": np.empty(0, np.int8) if found.parts is None else found.parts,
        "hashes": found.known_hashes,
        "contents": found.known_contents,
        "warnings": np.frombuffer(json.dumps(found.warnings).encode(), dtype=np.uint8),
    }


def _known(found: Arrays) -> RawReviews:
    labels, parts, hashes, contents = (found[name] for name in ("labels", "parts", "hashes", "contents"))
    if not labels.ndim == 1 or not labels.shape == hashes.shape == contents.shape or labels.dtype != np.int8:
        raise ValueError("shapes")
    if hashes.dtype != np.uint64 or contents.dtype != np.uint64 or not np.isin(labels, (0, 1)).all():
        raise ValueError("hashes or labels")
    if len(parts) and (parts.shape != labels.shape or parts.dtype != np.int8 or not np.isin(parts, (0, 1, 2)).all()):
        raise ValueError("parts")
    warnings = tuple(map(str, json.loads(found["warnings"].tobytes())))
    return RawReviews((), labels, parts if len(parts) else None, None, warnings, hashes, contents)
