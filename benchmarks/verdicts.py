"""Short opinions written by rule, labels certain: negated, contrasted, hoped for, rated. For `benchmarks.variants`.

In a template of `verdicts.txt` `{S…}` is a word that says what the label says and `{O…}` its opposite: `S` an
adjective, `Sl` and `Sld` base and past of what one does ("love", "loved"), `Sw`, `Swb` and `Swd` of what a thing does
("works"), `Sm` how one was ("thrilled"), `Sn` a noun, `Se` what was done to a thing ("saved"); `{S+}` praises and
`{O+}` blames whatever the label. `{X}` and `{Y}` are sides of a film, `{f}` is a film.
"""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

from benchmarks.opposites import DEGREES

_SLOT = re.compile(r"\{([^}]+)\}")
_text = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").strip()
_words, _sides, _both, _praise, _blame = (part.splitlines()[1:] for part in _text.split("\n\n"))

_SIDES = _sides[0].split()
# By slot: words of praise, words of blame.
_WORDS = {
    slot[1:]: [side.split() for side in lists.split(" / ")] for slot, lists in (line.split(": ") for line in _words)
}
# In blame, in praise; what only one side says comes twice.
_TEMPLATES = (_both + 2 * _blame, _both + 2 * _praise)


def verdict(label: int, rng: Random) -> list[str]:
    """Return the tokens of one short opinion, 1 for praise and 0 for blame."""
    film = rng.choice(("film", "movie", "movie", "picture", "show"))

    def fill(slot: str) -> str:
        match slot:
            case "X" | "Y":
                return rng.choice(
                    ("the " + rng.choice(_SIDES),) * 3 + ("it", f"the {film}", f"this {film}", "everything")
                )
            case "Xs":
                return rng.choice(("effects", "songs", "costumes", "pictures", "stunts"))
            case "f":
                return film
            case "is":
                return rng.choice(("is", "was"))
            case "d":
                return rng.choice(DEGREES)
            case "r":
                return str(rng.randint(7, 10) if label else rng.randint(1, 4))
            case "k":
                return str(rng.randint(4, 5) if label else rng.randint(1, 2))
        praises = slot == "S+" or (slot != "O+" and (slot[0] == "S") == bool(label))
        return rng.choice(_WORDS[slot[1:].rstrip("+")][0 if praises else 1])

    tokens = _SLOT.sub(lambda match: fill(match[1]), rng.choice(_TEMPLATES[label])).split()
    for place, word in enumerate(tokens[:-1]):
        if word in {"a", "an"}:
            tokens[place] = "an" if tokens[place + 1][0] in "aeiou" else "a"
    return tokens
