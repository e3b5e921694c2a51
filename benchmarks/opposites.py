"""Words of praise and of blame that may take each other's place in a sentence, for `benchmarks.edits`.

`opposites.txt`, lists of our own: each kind is one slot of English grammar, praise before the stroke and blame behind
it; exact opposites, which a person would write first; and phrases, as the tokenizer splits them.
"""

from __future__ import annotations

from pathlib import Path

_kinds, _exact, _phrases = (
    part.splitlines()[1:]
    for part in Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").strip().split("\n\n")
)
_SIDES = {line.partition(": ")[0]: line.partition(": ")[2].split(" / ") for line in _kinds}

# By kind: words of praise, words of blame.
KINDS: dict[str, tuple[list[str], list[str]]] = {
    kind: (praise.split(), blame.split()) for kind, (praise, blame) in _SIDES.items()
}
EXACT: list[tuple[str, str]] = [(first, second) for first, second in (line.split() for line in _exact)]
PHRASES: list[tuple[list[str], list[str]]] = [
    (praise.split(" | "), blame.split(" | ")) for praise, blame in (line.split(" / ") for line in _phrases)
]
NEGATORS = frozenset(
    ("not", "n't", "never", "no", "nothing", "hardly", "neither", "nor", "without", "cannot", "barely", "scarcely")
)
DEGREES = ("very", "really", "so", "pretty", "quite", "truly", "absolutely", "totally", "completely")
