"""The Glass RNN lab: opens on something alive, keeps its state in the link, survives any link."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest

from ui.kit.components.glass import SATURATED_BYTE

from .conftest import texts


def shown(page: Any) -> dict[str, Any]:
    """Return what the component was given."""
    (found,) = [item for item in page.main if "glass" in str(getattr(item.proto, "component_name", ""))]
    return json.loads(found.proto.json)


def test_it_opens_on_a_review_in_two_networks(open_page):
    page = open_page("labs", lab="glass-rnn")
    assert not page.exception and not page.error and not page.warning
    told = shown(page)
    padded, attention = told["panels"]
    assert padded["words"] == attention["words"] and padded["words"][1] == "photography"
    assert padded["attention"] is None and sum(attention["attention"]) == pytest.approx(1, abs=1e-3)
    assert "The gradient dies on its way back" in texts(page.markdown)
    values = np.frombuffer(base64.b64decode(padded["states"]), np.int8).reshape(padded["steps"], padded["units"])
    assert (np.abs(values) >= SATURATED_BYTE).sum(axis=1).tolist() == padded["saturated"]
    assert sorted(padded["order"]) == list(range(32))
    assert "near" not in told or told["near"] is None
