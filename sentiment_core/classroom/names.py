"""Names that people choose for themselves: short, of one line, and unlike those of others in their room."""

from __future__ import annotations

import unicodedata

from sentiment_core.errors import ConfigError

LONGEST = 32
# What looks like a Latin letter and is none, after case and accents were dropped: Cyrillic, Greek, digits.
_LOOKS_LIKE = str.maketrans(
    {
        **dict(zip("авеёкмнорстухіїјѕһԁԛԝьъ", "abeekmhopctyxiijshdqwbb", strict=True)),
        **dict(zip("αβεηικνορτυχω", "abenikvoptuxw", strict=True)),
        **dict(zip("01|l", "oiii", strict=True)),
        "ı": "i",
        "ł": "i",
        "ø": "o",
        "đ": "d",
        "ß": "ss",
    }
)
# Greek capitals look like other letters than their small forms do.
_CAPITALS = str.maketrans(dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True)))
RESERVED = ("lecturer", "teacher", "admin", "everyone", "nobody")


def tidy(text: str) -> str:
    """Return a name as it is kept; raise `ConfigError` for one that cannot be shown as a name.

    Unicode's compatibility form, no signs that cannot be seen or that turn the direction of writing, single spaces.
    """
    form = unicodedata.normalize("NFKC", text[: 20 * LONGEST])
    seen = "".join(sign if sign == " " or unicodedata.category(sign)[0] not in "CZ" else " " for sign in form)
    name = " ".join(seen.split())
    if len(name) > LONGEST:
        raise ConfigError(f"A name may have up to {LONGEST} letters; this one has {len(name)}. Choose a shorter one.")
    # Letters under a heap of accents reach into the lines above and below.
    signs = unicodedata.normalize("NFD", name)
    marks = sum(unicodedata.category(sign).startswith("M") for sign in signs)
    if marks > 2 * (len(signs) - marks) or not any(sign.isalnum() for sign in name):
        raise ConfigError("Choose a name with at least one letter or digit in it, and no heap of accents.")
    if likeness(name) in map(likeness, RESERVED):
        raise ConfigError("That name is kept for somebody else. Choose your own.")
    return name


def likeness(name: str) -> str:
    """Return what two names share that a reader could take for each other: `Anna`, `ANNA ` and `Аnnа` alike."""
    plain = unicodedata.normalize("NFKD", name).translate(_CAPITALS).casefold()
    letters = "".join(sign for sign in plain if sign.isalnum() or sign == "|")
    return letters.translate(_LOOKS_LIKE).replace("rn", "m").replace("vv", "w")
