"""What recorded pre-trainings came to is read as it was written, and belongs to the recordings that ship."""

from __future__ import annotations

from pathlib import Path

import pytest

from sentiment_core.errors import StoreError
from sentiment_core.findings.masked_words import Held, Reached, Share
from sentiment_core.findings.recorded_words import PRETRAININGS, Pretrainings, Recorded

SHARE = Share(4.5, 0.1, 200)
HELD = Held("one", "two", 6.0, 0.95, SHARE, SHARE, SHARE, Share(0.5, 0.01, 200), SHARE)
FOUND = {
    "twins": Recorded((HELD,), None, "a machine", 1, 90.0),
    "alone": Recorded((), Reached(6.0, SHARE, SHARE), "a machine", 2, 30.0, Share(0.62, 0.02, 200)),
}


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "words.json"
    PRETRAININGS.write(Pretrainings(FOUND), path)
    assert PRETRAININGS.read(path) == Pretrainings(FOUND)
    assert FOUND["twins"].cost == "1.5 minutes of processor time, 1 thread, a machine"


@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        (0.50, "The network does not compare words over the gap as well as that."),
        (0.62, "Whether the network tells more, these pairs do not say."),
        (0.70, "The network tells more than that."),
    ],
)
def test_next_sentences_are_held_against_what_the_words_give_away(pairs: float, told: str) -> None:
    reached = Reached(6.0, SHARE, Share(pairs, 0.02, 200))
    found = Recorded((), reached, "a machine", 1, 30.0, by_words=Share(0.62, 0.02, 200))
    assert found.sentences[:-1] == reached.sentences
    assert found.sentences[-1].endswith(told) and "62.0 % ± 2.0 of these pairs" in found.sentences[-1]
    assert Recorded((), reached, "a machine", 1, 30.0).sentences == reached.sentences


@pytest.mark.parametrize("content", ["", "[]", '{"format": 0}', '{"format": 1, "recordings": {"one": {"held": 3}}}'])
def test_a_damaged_file_is_said_to_be(tmp_path: Path, content: str) -> None:
    path = tmp_path / "words.json"
    path.write_text(content)
    with pytest.raises(StoreError, match="install"):
        PRETRAININGS.read(path)
