"""The recorded twins as browsers get them: one document, made once."""

from __future__ import annotations

import base64
import json
import math
import zlib
from functools import lru_cache
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from sentiment_core.errors import StoreError
from sentiment_core.findings import twin_grid

TWINS = "/api/twins"


def twins(_request: Request) -> Response:
    """Answer the curves of all recorded twins, and what they say."""
    try:
        body = document()
    except StoreError as error:
        return Response(json.dumps({"error": str(error)}), 503, media_type="application/json")
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(body, headers=headers, media_type="application/json")


@lru_cache(maxsize=1)
def document() -> str:
    grid = twin_grid.read()
    places = (range(len(twin_grid.RATES)), range(len(twin_grid.THRESHOLDS)))
    return json.dumps(
        {
            "rates": twin_grid.RATES,
            "cuts": twin_grid.THRESHOLDS,
            "updates": grid.losses.shape[-1],
            "losses": _bytes(grid.losses),
            "norms": _bytes(grid.norms),
            "clipped": _strict(grid.clipped.tolist()),
            "validated": grid.validated.tolist(),
            "validation": _strict(grid.validation.tolist()),
            "guessing": [grid.balance.guessing],
            "sentences": [[twin_grid.sentence(grid, rate, cut) for cut in places[1]] for rate in places[0]],
            "about": twin_grid.about(grid),
        },
        allow_nan=False,
    )


@lru_cache(maxsize=1)
def version_of_twins() -> str:
    """Return what the document's address carries, so that browsers may keep it: another one has another address."""
    try:
        return f"{zlib.crc32(document().encode()):08x}"
    except StoreError:
        return "none"


def _bytes(values: np.ndarray) -> str:
    """Return values as little-endian float32 in base64: NaN and infinity travel too."""
    return base64.b64encode(values.astype("<f4").tobytes()).decode("ascii")


def _strict(value: Any) -> Any:
    """Return nested numbers as JSON has them, null for what is none."""
    if isinstance(value, list):
        return [_strict(item) for item in value]
    return round(value, 6) if math.isfinite(value) else None
