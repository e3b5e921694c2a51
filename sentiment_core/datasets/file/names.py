"""What people call columns of reviews and of labels."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

# What people call them, without case, accents and what is no letter or digit.
_TEXT_NAMES = """
    text texts review reviews sentence sentences comment comments content body message tweet document phrase
    reviewtext reviewbody reviewcontent textreview reviewstext commenttext commentbody
"""
_LABEL_NAMES = """
    label labels sentiment sentiments stars star rating ratings score scores overall polarity class target
    starrating reviewrating reviewscore reviewsrating sentimentlabel labeltext
"""
TEXT_NAMES, LABEL_NAMES = frozenset(_TEXT_NAMES.split()), frozenset(_LABEL_NAMES.split())
# In German, French, Spanish, Italian and Portuguese; some of both kinds, and words of English with another meaning:
# what stands in the columns has to agree.
_FOREIGN_TEXT_NAMES = """
    rezension rezensionen bewertung kommentar kommentare kritik filmkritik meinung
    avis commentaire commentaires critique critiques texte
    texto resena resenas critica comentario comentarios opinion opiniones
    recensione recensioni testo commento commenti avaliacao resenha
"""
_FOREIGN_LABEL_NAMES = """
    bewertung bewertungen sterne punkte wertung stimmung
    etoiles etiquette polarite calificacion puntuacion valoracion estrellas sentimiento etiqueta polaridad
    voto valutazione punteggio stelle sentimento etichetta avaliacao pontuacao estrelas nota rotulo polaridade
"""
FOREIGN_TEXT_NAMES = frozenset(_FOREIGN_TEXT_NAMES.split())
FOREIGN_LABEL_NAMES = frozenset(_FOREIGN_LABEL_NAMES.split())
# A mark of films beside these, of schools in German, where 1 is the best; in English a remark.
NOTE, BESIDE_NOTE = "note", frozenset({"avis", "commentaire", "commentaires", "critique", "critiques", "texte"})
# What is given in points.
_SCORED = re.compile(r"rating|score|note|bewertung|punkt|calificacion|puntuacion|voto|punteggio|pontuacao|nota\b")
# Words in longer names: `User Review`, `Your rating (1-5)`; and those that make them the name of something else.
_OTHER_THINGS = """
    title titel titre titulo titolo headline heading summary subject id date count counts votes confidence
"""
_OF_SOMETHING_ELSE = frozenset(_OTHER_THINGS.split())
_SEPARATORS = re.compile(r"[,;|\t^]")
_USUAL = TEXT_NAMES | LABEL_NAMES | FOREIGN_TEXT_NAMES | FOREIGN_LABEL_NAMES


def is_usual(name: str) -> bool:
    """Return whether columns of reviews or labels are often called so."""
    return is_called(name, _USUAL)


def is_of_texts(name: str) -> bool:
    """Return whether columns of reviews are often called so."""
    return is_called(name, TEXT_NAMES | FOREIGN_TEXT_NAMES)


def is_scored(name: str) -> bool:
    """Return whether a column is called as those of ratings in points are: no class has that name."""
    return _SCORED.search(_plain(name)) is not None


def is_called(name: str, names: Collection[str]) -> bool:
    """Return whether a column has one of the names, or a field of a record in a record: `rating.stars`."""
    if _SEPARATORS.search(name):  # a line of several names is not one of them
        return False
    return any(re.sub(r"[\W_]+", "", _plain(part)) in names for part in (name, name.rpartition(".")[2]))


def has_word(name: str, words: Collection[str]) -> bool:
    """Return whether one of the words is in a column's name, and none that makes it the name of something else."""
    found = {*re.split(r"[\W_]+", _plain(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)))}
    return not found.isdisjoint(words) and found.isdisjoint(_OF_SOMETHING_ELSE)


def _plain(name: str) -> str:
    """Return a name without case and accents."""
    if not name.isascii():
        name = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    return name.casefold()
