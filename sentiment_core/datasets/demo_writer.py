"""Fills the sentence templates of the demo corpus and keeps track of where the sentiment stands."""

import re
from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from typing import TypeVar

from sentiment_core.datasets import demo_plot as plot
from sentiment_core.datasets import demo_words as words

T = TypeVar("T")
Span = tuple[int, int]
Piece = tuple[str, str, bool]  # kind ("text", "slot", "a", "[" or "]"), content, starts a sentence

_PIECES = re.compile(r"\{([^}]+)\}|(\[)|(\])|([^{}\[\]]+)")
_ARTICLE = re.compile(r"(^|\s)([Aa]) $")
_SENTENCE_END = re.compile(r"[.?!] $")
_NOT = re.compile(r"\b(do|does|did|is|are|was|were|has|have|had|could|would|should) not\b|\bcannot\b")
_IT_IS = re.compile(r"\b([Ii]t|[Tt]hat) is(?= (?:an?|still|what|all|the|impossible|another|about|my)\b)")
_I_HAVE = re.compile(r"\bI have(?= (?:seen|now|thought|already|forgotten|not read)\b)")
_AN = re.compile(r"(?!one\b|uni[qvf]|use)(?:[aeiou]|hon|hour)", re.IGNORECASE)


@cache
def _compile(template: str, contracted: bool) -> tuple[Piece, ...]:
    if contracted:
        template = _NOT.sub(lambda match: f"{match[1]}n't" if match[1] else "can't", template)
        template = _IT_IS.sub(r"\1's", template)
        template = _I_HAVE.sub("I've", template)
    pieces: list[Piece] = []
    starts = True
    for slot, opening, closing, text in _PIECES.findall(template):
        if text:
            article = _ARTICLE.search(text)
            if article:
                body = text[: article.start(2)]
                if body:
                    pieces.append(("text", body, starts))
                    starts = bool(_SENTENCE_END.search(body))
                pieces.append(("a", article[2], starts))
                starts = False
            else:
                pieces.append(("text", text, starts))
                starts = bool(_SENTENCE_END.search(text))
        elif slot:
            pieces.append(("slot", slot, starts))
            starts = False
        else:
            pieces.append((opening or closing, "", False))
    return tuple(pieces)


class Writer:
    """Writes sentences about one invented film for one label (0 = negative, 1 = positive)."""

    def __init__(self, rng: Random, label: int) -> None:
        self.rng = rng
        self.label = label
        self.present = rng.random() < 0.6
        self.quotes = rng.random() < 0.65
        self.contracted = rng.random() < 0.65
        self._decks: dict[int, list[str]] = {}
        self._used: set[str] = set()
        self._written: set[str] = set()
        self.film = self._invent_film()
        self._aspect = {"A": "", "B": ""}
        self._plural = {"A": False, "B": False}

    def choose(self, options: Sequence[T]) -> T:
        # random() is the one method whose sequence Python guarantees for ever.
        return options[int(self.rng.random() * len(options))]

    def fresh(self, options: Sequence[str]) -> str:
        """An option that this review has not used yet, if a few tries find one."""
        for _ in range(6):
            option = self.choose(options)
            if option not in self._used:
                break
        self._used.add(option)
        return option

    def write(self, templates: tuple[str, ...]) -> tuple[str, list[Span]]:
        """A sentence from the templates, one that this review does not hold yet, if a few tries find one."""
        for _ in range(4):
            sentence = self.sentence(self._draw(templates))
            if sentence[0] not in self._written:
                break
        self._written.add(sentence[0])
        return sentence

    def sentence(self, template: str) -> tuple[str, list[Span]]:
        """The finished text and the spans (start, end) of its bracketed parts."""
        self._aspect = {"A": "", "B": ""}
        return self._render(template)

    def _render(self, template: str) -> tuple[str, list[Span]]:
        out: list[str] = []
        spans: list[Span] = []
        position = start = 0
        opened = False
        article = ""
        capital = False
        for kind, content, starts in _compile(template, self.contracted):
            capital = capital or starts
            if kind == "[":
                opened = True
                continue
            if kind == "]":
                spans.append((start, position))
                continue
            if kind == "a":
                article = content
                continue
            piece = self._fill(content) if kind == "slot" else content
            if not piece:
                continue
            if article:
                lead = article + ("n " if _AN.match(piece) else " ")
                if capital:
                    lead, capital = lead[0].upper() + lead[1:], False
                out.append(lead)
                position += len(lead)
                article = ""
            if capital:
                piece, capital = piece[0].upper() + piece[1:], False
            if opened:
                start, opened = position, False
            out.append(piece)
            position += len(piece)
        return "".join(out), spans

    def _invent_film(self) -> dict[str, str]:
        choose = self.choose
        women_lead = self.rng.random() < 0.5
        actors, others = (words.ACTRESSES, words.ACTORS) if women_lead else (words.ACTORS, words.ACTRESSES)
        heroes, rest = (words.WOMEN, words.MEN) if women_lead else (words.MEN, words.WOMEN)
        kin = choose(words.KIN)
        return {
            "title": self._invent_title(),
            "lead": f"{choose(actors)} {self.fresh(words.SURNAMES)}",
            "costar": f"{choose(others)} {self.fresh(words.SURNAMES)}",
            "director": f"{choose(words.ACTORS + words.ACTRESSES)} {self.fresh(words.SURNAMES)}",
            "hero": choose(heroes),
            "other": choose(rest),
            "his": "her" if women_lead else "his",
            "him": "her" if women_lead else "him",
            "kin": kin,
            "thing": choose(words.THINGS),
            "is0": "is" if self.present else "was",
        }

    def _invent_title(self) -> str:
        title = self.choose(words.TITLE_FORMS).format(
            first=self.fresh(words.TITLE_FIRST),
            second=self.fresh(words.TITLE_SECOND),
            place=self.fresh(words.PLACES),
            name=self.fresh(words.WOMEN + words.MEN),
        )
        return f'"{title}"' if self.quotes else title

    def _draw(self, templates: tuple[str, ...]) -> str:
        deck = self._decks.get(id(templates))
        if not deck:
            deck = self._decks[id(templates)] = list(templates)
        return deck.pop(int(self.rng.random() * len(deck)))

    def _fill(self, slot: str) -> str:
        fixed = self.film.get(slot)
        if fixed is not None:
            return fixed
        fill = _SLOTS.get(slot)
        return fill(self) if fill else self._polar(slot[0], slot[1:])

    def _polar(self, letter: str, kind: str) -> str:
        """Words of the review's own polarity (S…) or of the opposite one (O…)."""
        polarity = self.label if letter == "S" else 1 - self.label
        match kind:
            case "n":
                return self.fresh(words.NOUNS[polarity])
            case "f":
                return self.fresh(words.FILM[polarity])
            case "v" | "vb":
                return self.choose(words.EFFECTS[polarity])[kind == "vb"]
            case "l" | "lb":
                return self.choose(words.LIKINGS[polarity])[kind == "lb"]
            case ".acting":
                return self.fresh(words.ASPECTS["acting"].adjectives[polarity])
        return self.fresh(words.ASPECTS[self._name_aspect("B" if kind == "2" else "A")].adjectives[polarity])

    def _name_aspect(self, key: str) -> str:
        """Choose what A or B stands for in this sentence, once."""
        if not self._aspect[key]:
            taken = self._aspect["B" if key == "A" else "A"]
            name = self.choose(_ASPECT_NAMES)
            while name == taken:
                name = self.choose(_ASPECT_NAMES)
            self._aspect[key] = name
            aspect = words.ASPECTS[name]
            self._plural[key] = self.rng.random() * (len(aspect.singular) + len(aspect.plural)) >= len(aspect.singular)
        return self._aspect[key]

    def _noun_phrase(self, key: str) -> str:
        aspect = words.ASPECTS[self._name_aspect(key)]
        phrase = self.fresh(aspect.plural if self._plural[key] else aspect.singular)
        return phrase.replace("LEAD", self.film["lead"])

    def _by_number(self, key: str, singular: str, plural: str) -> str:
        self._name_aspect(key)
        return plural if self._plural[key] else singular

    def _be(self, key: str, present: bool) -> str:
        return self._by_number(key, "is", "are") if present else self._by_number(key, "was", "were")


_ASPECT_NAMES = tuple(words.ASPECTS)


_SLOTS: dict[str, Callable[[Writer], str]] = {
    "A": lambda w: w._noun_phrase("A"),
    "B": lambda w: w._noun_phrase("B"),
    "is": lambda w: w._be("A", w.present),
    "is2": lambda w: w._be("B", w.present),
    "was": lambda w: w._be("A", False),
    "A_it": lambda w: w._by_number("A", "it", "they"),
    "A_them": lambda w: w._by_number("A", "it", "them"),
    "N": lambda w: w._render(w._draw(plot.FACTS))[0],
    "very": lambda w: w.choose(words.DEGREES),
    "aside": lambda w: w.fresh(words.ASIDES),
    "source": lambda w: w.fresh(words.SOURCES),
    "crowd": lambda w: w.fresh(words.CROWDS),
    "any": lambda w: w.fresh(words.COLOURS),
    "anynoun": lambda w: w.fresh(w.choose(words.NOUNS)),
    "job": lambda w: w.fresh(words.JOBS),
    "mykin": lambda w: w.choose(words.KIN),
    "place": lambda w: w.fresh(words.PLACES),
    "title2": lambda w: w._invent_title(),
    "town": lambda w: w.fresh(words.TOWNS),
    "time": lambda w: w.fresh(words.TIMES),
}
