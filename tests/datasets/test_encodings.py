"""In which encoding a file is read: what people still write files in, and files that are damaged."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from sentiment_core.datasets.file import reader
from sentiment_core.errors import DataError
from sentiment_core.settings import DataConfig, Encoding
from tests.datasets import cases

# What is written and what is read: a wider encoding of the same letters may stand for a narrow one.
SAMPLES: dict[tuple[str, str], tuple[str, ...]] = {
    ("cp1252", "cp1252 English"): ("It’s a “classic” – naïve as it is.", "Dull…", "Costs £5 and half a day."),
    ("cp1252", "cp1252 German"): ("Der Film war schön, aber die Länge störte.", "Für mich großartig!", "Öde."),
    ("cp1252", "cp1252 French"): ("Très ennuyeux à mon goût, hélas.", "Une œuvre émouvante, ça vaut le détour."),
    ("cp1252", "cp1252 Spanish"): ("¡Qué película aburridísima!", "El niño actúa muy bien, qué emoción."),
    ("cp1252", "cp1252 Portuguese"): ("A atuação é incrível e não cansa.", "Péssimo, a história é fraca."),
    ("cp1252", "cp1252 Italian"): ("Il film è bellissimo, però lungo.", "Perché l’ho visto? Più noioso di così."),
    ("cp1252", "cp1252 Swedish"): ("Filmen var väldigt tråkig.", "En härlig berättelse för många."),
    ("cp1252", "cp1252 Danish"): ("Jeg så den to gange, så god var den.", "En sølle og kedelig historie, øv."),
    ("cp1250", "cp1250 Polish"): ("Film był świetny, zażółć gęślą jaźń.", "Nudny i żałosny, strata czasu."),
    ("iso8859-2", "iso8859-2 Polish"): ("Film był świetny, zażółć gęślą jaźń.", "Nudny i żałosny, strata czasu."),
    ("cp1250", "cp1250 Czech"): ("Film byl skvělý, příběh mě dojal.", "Nejhorší věc, špatné výkony a příliš dlouhé."),
    ("cp1250", "cp1250 Hungarian"): ("A színészek remekül játszottak.", "Gyönyörű zene, őszintén, de túl hosszú."),
    ("cp1250", "cp1250 Croatian"): ("Film je odličan, priča dirljiva.", "Čisti gubitak vremena, šteta, žao mi je."),
    ("cp1254", "cp1254 Turkish"): ("Film çok güzeldi, müziği etkileyiciydi.", "Sıkıcı, hiç beğenmedim, şaşırdım."),
    ("cp1251", "cp1251 Russian"): ("Фильм был тёплым, игра прекрасна.", "Скучно и слишком длинно."),
    ("koi8-r", "koi8-r Russian"): ("Фильм был тёплым, игра прекрасна.", "Скучно и слишком длинно."),
    ("cp1251", "cp1251 Bulgarian"): ("Филмът беше прекрасен.", "Най-лошият филм, който съм гледал тази година."),
    ("cp1253", "cp1253 Greek"): ("Η ταινία ήταν υπέροχη.", "Βαρετή και πολύ μεγάλη, δεν την προτείνω."),
    ("cp1255", "cp1255 Hebrew"): ("הסרט היה נפלא והשחקנים מצוינים.", "משעמם וארוך מדי, לא ממליץ לאף אחד."),
    ("cp1256", "cp1256 Arabic"): ("هذا الفيلم رائع جدا والممثلون ممتازون.", "ممل وطويل جدا، لا أنصح به أحدا."),
    ("cp874", "cp874 Thai"): ("หนังเรื่องนี้สนุกมาก นักแสดงเล่นดี", "น่าเบื่อและยาวเกินไป ไม่แนะนำ"),
    ("shift-jis", "cp932 Japanese"): (
        "この映画は素晴らしいです。①俳優の演技が見事。",
        "つまらない映画だった。時間の無駄です。",
    ),
    ("euc-jp", "euc-jp Japanese"): (
        "この映画は素晴らしいです。俳優の演技が見事。",
        "つまらない映画だった。時間の無駄です。",
    ),
    ("gb18030", "gb18030 Chinese"): ("这部电影非常好看，演员的表演很精彩。", "太无聊了，浪费时间，不推荐。"),
    ("big5", "big5 Chinese"): ("這部電影非常好看，演員的表演很精彩。", "太無聊了，浪費時間，不推薦。"),
    ("euc-kr", "cp949 Korean"): (
        "이 영화는 정말 재미있었고 연기가 훌륭했다. 뷁!",
        "지루하고 너무 길다. 추천하지 않는다.",
    ),
}
WIDE = ("id", "review", "label", "page", "category")


def read(path: Path, content: bytes, encoding: str = "detect") -> tuple[list[str], str | None, str]:
    path.write_bytes(content)
    table = reader.read(DataConfig(source="csv", path=str(path), encoding=encoding), labels_required=True)
    return table.texts, table.understood.encoding, " ".join(table.understood.sentences(trained=True))


@pytest.mark.parametrize("count", [4, 60, 6000])
@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample[1])
def test_an_encoding_is_guessed_named_and_can_be_chosen(
    sample: tuple[str, str], wide: bool, count: int, tmp_path: Path
) -> None:
    name, written = sample
    texts = [f"{SAMPLES[sample][n % len(SAMPLES[sample])]} {n}" for n in range(count)]
    rows = [(text, n % 2) for n, text in enumerate(texts)]
    # Most of such a file is English, whatever its reviews are.
    about = [
        (n, text, n % 2, f"http://films.example/reviews/film-number-{n}", "movies") for n, text in enumerate(texts)
    ]
    content = cases.table(WIDE, about) if wide else cases.table(("review", "label"), rows)
    found, encoding, said = read(tmp_path / "a.csv", content.decode().encode(written.split()[0]))
    assert encoding == name and found == texts
    assert f"it was read as {name}" in said and name in get_args(Encoding)
    assert read(tmp_path / "a.csv", (tmp_path / "a.csv").read_bytes(), name) == (texts, name, "")


# In UTF-8 wherever they are not damaged.
ACCENTS = cases.table(
    ("text", "label"), [(f"Un café émouvant, très drôle, ça va à merveille {n}", n % 2) for n in range(60)]
)


@pytest.mark.parametrize("encoding", ["detect", "utf-8"])
@pytest.mark.parametrize(
    ("content", "damaged"),
    [
        (ACCENTS.replace("café".encode(), b"caf\xe9", 1), "1 character is not UTF-8 and is shown as \ufffd"),
        (ACCENTS.replace(b' 7"', b' \xff7"'), "1 character is not UTF-8 and is shown as \ufffd"),
        (ACCENTS.replace("café".encode(), b"caf\xc3", 2), "2 characters are not UTF-8 and are shown as \ufffd"),
        (b"\xef\xbb\xbf" + ACCENTS.replace("café".encode(), b"caf\xe9", 1), "1 character is not UTF-8"),
        (ACCENTS * 200 + "é".encode()[:1] + b",1\r\n", "1 character is not UTF-8"),
    ],
    ids=["another encoding", "one odd byte", "cut characters", "with a mark", "far down"],
)
def test_a_few_bad_bytes_leave_a_file_in_utf_8(content: bytes, damaged: str, encoding: str, tmp_path: Path) -> None:
    texts, name, said = read(tmp_path / "a.csv", content, encoding)
    assert name == "utf-8" and damaged in said and "was read as" not in said
    assert texts[10] == "Un café émouvant, très drôle, ça va à merveille 10"
    assert sum(text.count("\ufffd") for text in texts) == int(damaged[0])


def test_pieces_of_a_damaged_file_are_read_as_the_whole_is(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(ACCENTS.replace("café".encode(), b"caf\xe9", 1))
    data = DataConfig(source="csv", path=str(path))
    whole, found = reader.read(data), reader.survey(data)
    pieces = list(reader.pieces(data, found, keep_columns=False, rows=7))
    assert found.understood.damaged == 1 and found.understood == whole.understood
    assert [text for piece in pieces for text in piece.texts] == whole.texts
    assert whole.labels is not None
    assert np.array_equal(np.concatenate([piece.labels for piece in pieces]), whole.labels)


def test_what_is_mostly_of_another_encoding_is_no_damage(tmp_path: Path) -> None:
    content = ACCENTS.decode().encode("cp1252").replace(b"caf\xe9", "café".encode(), 3)
    assert read(tmp_path / "a.csv", content)[1] == "cp1252"
    with pytest.raises(DataError, match="encoding is damaged"):
        read(tmp_path / "a.csv", content, "utf-8")


def test_one_line_of_a_large_file_is_enough_to_tell(tmp_path: Path) -> None:
    content = (
        cases.PLAIN
        + cases.PLAIN.partition(b"\n")[2] * 400
        + "Фильм был тёплым и игра прекрасна.,1\r\n".encode("cp1251")
    )
    texts, name, _ = read(tmp_path / "a.csv", content)
    assert (texts[-1], name) == ("Фильм был тёплым и игра прекрасна.", "cp1251") and len(content) > 1 << 20


def test_lines_that_end_as_on_an_old_mac_are_in_its_encoding(tmp_path: Path) -> None:
    texts = [f"A café called “noir”, {number} evenings" for number in range(30)]
    content = cases.table(("text", "label"), [(text, n % 2) for n, text in enumerate(texts)], lineterminator="\r")
    found, encoding, said = read(tmp_path / "mac.csv", content.decode().encode("mac-roman"))
    assert found == texts and encoding == "mac-roman" and "read as mac-roman" in said
