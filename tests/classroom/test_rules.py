"""The rules of a class: names, codes, who may do what, and the settings file that turns it on."""

from __future__ import annotations

import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_core.classroom.codes import fits, hash_code, is_hash, new_access_code, new_room_code, read_room_code
from sentiment_core.classroom.names import LONGEST, likeness, tidy
from sentiment_core.classroom.people import ALLOWED, LECTURER, Person, may, permit
from sentiment_core.classroom.settings import ClassSettings, class_settings, set_up, settings_file
from sentiment_core.errors import ConfigError, NotAllowedError

ANNA, BEN = Person("a", "Anna", "KMRTP", 1), Person("b", "Ben", "KMRTP", 2)


@pytest.mark.parametrize("action", list(ALLOWED))
def test_a_lecturer_may_everything_and_a_stranger_nothing(action):
    for owner in (None, "a", "b"):
        assert may(LECTURER, action, owner)
        assert not may(None, action, owner)
        with pytest.raises(NotAllowedError, match="Join the class"):
            permit(None, action, owner)


@pytest.mark.parametrize(
    ("action", "own", "of_the_lecturer", "of_another"),
    [
        ("read", True, True, True),
        ("download", True, True, False),
        ("use", True, True, False),
        ("stop", True, False, False),
        ("steer", True, False, False),
        ("resume", True, False, False),
        ("rename", True, False, False),
        ("delete", True, False, False),
        ("lead", False, False, False),
    ],
)
def test_what_a_student_may(action, own, of_the_lecturer, of_another):
    assert [may(ANNA, action, owner) for owner in ("a", None, "b")] == [own, of_the_lecturer, of_another]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Anna \t Lena\n", "Anna Lena"),
        ("Ａｎｎａ", "Anna"),
        ("An\u200bna\u202e", "An na"),
        ("Zoë", "Zoë"),
        ("李明", "李明"),
        ("<b>Anna</b>", "<b>Anna</b>"),
    ],
)
def test_names_are_of_one_line_and_seen(given, kept):
    assert tidy(given) == kept


@pytest.mark.parametrize(
    "bad", ["", "   ", "\u200b", "…", "a" * 33, "a" + "\u0301" * 9, "Lecturer", "LЕСTURЕR", "l e c t u r e r"]
)
def test_what_is_no_name_is_refused(bad):
    with pytest.raises(ConfigError):
        tidy(bad)


@given(st.text(max_size=60))
def test_any_text_is_a_name_of_one_visible_line_or_refused(text):
    try:
        name = tidy(text)
    except ConfigError:
        return
    assert 0 < len(name) <= LONGEST and name == " ".join(name.split()) and name == unicodedata.normalize("NFKC", name)
    assert not any(unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp", "Co", "Cs") for sign in name)


@pytest.mark.parametrize("other", ["ANNA", "Аnnа", "ann a", "Anná", "αnna", "A.n.n.a"])
def test_names_that_look_alike_are_alike(other):
    assert likeness(other) == likeness("Anna")


def test_others_are_not():
    assert len({likeness(name) for name in ("Anna", "Anne", "Hanna", "Anna 2", "Anna 3", "Ana")}) == 6
    assert likeness("Bill") == likeness("BiII") and likeness("Corn") == likeness("Com")


def test_a_rooms_code_is_read_as_people_type_it():
    code = new_room_code()
    assert read_room_code(f" {code[:2].lower()}-{code[2:]} ") == code
    assert [read_room_code(text) for text in ("", "ABCD", "ABCDEF", "ABCD1", "ABCDI", "<svg>")] == [None] * 6


def test_an_access_code_fits_its_hash_alone():
    code, other = new_access_code(), new_access_code()
    hashed = hash_code(code)
    assert is_hash(hashed) and code not in hashed and hash_code(code) != hashed
    assert fits(code, hashed) and fits(code.lower().replace("-", " "), hashed)
    assert (
        not fits(other, hashed) and not fits("", hashed) and not fits(code, "scrypt$") and not fits("x" * 10**6, hashed)
    )


def test_without_a_file_there_is_no_class(home):
    assert class_settings() is None


def test_setting_up_writes_a_file_that_is_read(home):
    path, code = set_up()
    settings = class_settings()
    assert path == settings_file() == home / "class.toml"
    assert settings is not None and fits(code, settings.lecturer_code)
    assert settings == ClassSettings(lecturer_code=settings.lecturer_code)
    assert code not in path.read_text()
    with pytest.raises(ConfigError, match="is there already"):
        set_up()


def test_a_limit_that_is_raised_holds_at_once(home):
    path, _ = set_up()
    before = class_settings()
    path.write_text(path.read_text().replace("queued = 5 ", "queued = 50 "))
    os.utime(path, ns=(1, 1))
    after = class_settings()
    assert before is not None and after is not None
    assert (before.limits.person.queued, after.limits.person.queued) == (5, 50)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[class", "must be TOML"),
        ("[other]", "one table"),
        ("[class]\nhours = 1", "class.lecturer_code: must be there"),
        ('[class]\nlecturer_code = "secret"', "no hash of an access code"),
        ("[class]\nlecturer_code = 'HASH'\nhour = 3", "class.hour: there is no such setting"),
        ("[class]\nlecturer_code = 'HASH'\n[class.limits.person]\nqueued = 0", "class.limits.person.queued: .*greater"),
        (
            "[class]\nlecturer_code = 'HASH'\n[class.limits.person]\nqueued = '9'",
            "class.limits.person.queued: .*integer",
        ),
    ],
)
def test_a_bad_file_says_what_to_do_and_opens_nothing(home, text, said):
    home.mkdir(exist_ok=True)
    (home / "class.toml").write_text(text.replace("HASH", hash_code("x")))
    with pytest.raises(ConfigError, match=said):
        class_settings()


def test_a_file_that_is_named_must_be_there(home, monkeypatch, tmp_path):
    monkeypatch.setenv("SENTIMENT_CLASS", str(tmp_path / "typo.toml"))
    with pytest.raises(ConfigError, match=r"SENTIMENT_CLASS names .*typo\.toml, which is not there"):
        class_settings()
