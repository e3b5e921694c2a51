"""The room on the lecturer's screen and on phones: who is there, the lesson, predictions, a link, fooling the model."""

from __future__ import annotations

import math

from sentiment_core.classroom.people import LECTURER
from sentiment_core.metrics import Status
from tests.pages.conftest import button, texts, twin_of


def ways(page):
    return "\n".join(link.proto.label for link in page.get("page_link"))


def field(widgets, label):
    return next(each for each in widgets if each.label == label)


def test_the_room_shows_who_is_there_and_what_they_predict(lab, room, open_page, become):
    anna, ben = (lab.join(room.code, name) for name in ("Anna", "Ben & <i>Co"))
    twin_of(lab, ben, Status.QUEUED)
    become(LECTURER)
    lab.open_lesson(room.code, "clip-norm")
    projector = open_page("room")
    assert not projector.exception and list(projector.dataframe[0].value["Name"]) == ["Anna", "Ben & <i>Co"]
    assert "Joined: **2**. Training: **0**. Waiting: **1**." in texts(projector.markdown)
    become(anna)
    phone = open_page("room")
    assert "Anna" in texts(phone.markdown)
    (question,) = phone.radio
    question.set_value(question.options[0]).run()
    assert lab.answered(room.code, "lesson:clip-norm").total() == 1
    become(LECTURER)
    assert "Predictions: 1." in texts(open_page("room").caption).replace("\\", "")


def test_the_lecturer_opens_a_room_a_lesson_and_closes_it(lab, access, open_page, become):
    become(LECTURER)
    drawn = open_page("room")
    drawn.text_input[0].set_value("Tuesday")
    button(drawn, "Open a room").click().run()
    assert not drawn.exception and [room.name for room in lab.rooms()] == ["Tuesday"]
    (opened,) = lab.rooms()
    assert texts(drawn.code).endswith(f"/join/{opened.code}")
    drawn.selectbox[0].set_value("clip-norm").run()
    assert lab.room(opened.code).lesson == "clip-norm"
    drawn.toggle[0].set_value(True).run()
    assert lab.room(opened.code).own_seeds
    button(drawn, "Close: nobody else joins").click().run()
    assert lab.room(opened.code).closed_at is not None and "closed" in texts(drawn.info)


def test_a_student_elsewhere_hears_of_the_lesson(lab, room, open_page, become):
    become(lab.join(room.code, "Anna"))
    assert "Open for all" not in ways(open_page("data", tab="words"))
    lab.open_lesson(room.code, "clip-norm")
    assert "Open for all" in ways(open_page("home"))
    assert "Open for all" not in ways(open_page("lessons", lesson="clip-norm"))


def test_a_room_fools_the_model_and_trains_on_it(lab, room, open_page, become, monkeypatch):
    from ui.room import fool

    monkeypatch.setattr(fool, "probability", lambda model, text: 0.1 if "gotcha" in text else 0.9)
    anna, ben, cem = (lab.join(room.code, name) for name in ("Anna", "Ben", "Cem"))
    become(anna)
    play = open_page("room", view="fool")
    edit = field(play.text_area, "Your edit")
    assert not [each for each in play.button if each.label == "Put it on the board"], "nothing is edited yet"
    edit.set_value(edit.value + " <b>gotcha</b>").run()
    button(play, "Put it on the board").click().run()
    assert "It is on the board." in texts(play.caption) and "Put it on the board" not in [b.label for b in play.button]
    assert not play.exception and r"\<b\>gotcha" in texts(play.markdown)
    (flip,) = lab.flips(room.code)
    assert flip.person == anna.id and flip.label == 1
    for person in (ben, cem):
        become(person)
        judge = open_page("room", view="fool")
        assert "~~" not in texts(judge.markdown), "who still has to judge sees neither model nor original"
        button(judge, "Positive").click().run()
        assert not judge.exception
    become(LECTURER)
    board = open_page("room", view="fool")
    assert "Confirmed: **1**" in texts(board.markdown) and "Anna" in texts(board.markdown)
    button(board, "Take off").click().run()
    assert lab.flips(room.code) == []


def test_an_edit_outlives_another_start_and_what_is_being_read_stays(lab, room, open_page, become, monkeypatch):
    from ui.room import fool

    monkeypatch.setattr(fool, "probability", lambda model, text: 0.9)
    anna, ben, cem = (lab.join(room.code, name) for name in ("Anna", "Ben", "Cem"))
    for text in ("It was fine", "It was good"):
        lab.acting_for(ben).add_flip("It was great.", text, 1, "pretrained", 0.9, 0.1)
    become(anna)
    play = open_page("room", view="fool")
    read = next(text for text in ("It was fine", "It was good") if text in texts(play.markdown))
    field(play.text_area, "Your edit").set_value("What I wrote.").run()
    for start in (fool.OWN, field(play.selectbox, "Start from").options[0]):
        field(play.selectbox, "Start from").set_value(start).run()
    assert field(play.text_area, "Your edit").value == "What I wrote."
    lab.acting_for(cem).vote(next(flip.id for flip in lab.flips(room.code) if flip.edited == read), 1)
    play.run()
    assert read in texts(play.markdown)
    button(play, "Negative").click().run()
    assert next(flip for flip in lab.flips(room.code) if flip.edited == read).votes == {cem.id: 1, anna.id: 0}
    assert read not in texts(play.markdown)
    lab.open_lesson(room.code, "clip-norm")
    monkeypatch.setattr(fool, "probability", lambda model, text: math.nan)
    elsewhere = open_page("room", view="fool")
    assert "Open for all" in ways(elsewhere)
    assert "is not a number" in texts(elsewhere.warning) and "The model: " not in texts(elsewhere.markdown)
    assert "Open for all" not in ways(open_page("room"))


def test_the_lecturer_raises_a_limit_and_a_student_reads_it(lab, room, open_page, become):
    anna = lab.join(room.code, "Anna")
    become(LECTURER)
    lecturer = open_page("room")
    assert field(lecturer.number_input, "Updates of one run, as far as they are known before").value == 5_000
    field(lecturer.number_input, "Experiments and calculations at work").set_value(2)
    field(lecturer.number_input, "Size of one file, MB").set_value(10**6)
    button(lecturer, "Keep").click().run()
    assert "upload.megabytes" in texts(lecturer.error).replace("\\", "") and lab.class_limits().person.running == 1
    field(lecturer.number_input, "Size of one file, MB").set_value(80)
    button(lecturer, "Keep").click().run()
    assert not lecturer.exception and not lecturer.error
    assert (lab.class_limits().person.running, lab.class_limits().upload.megabytes) == (2, 80)
    assert field(lecturer.number_input, "Size of one file, MB (settings file: 50)").value == 80
    become(anna)
    phone = open_page("room")
    assert "Size of one file, MB: **80**" in texts(phone.markdown)
    assert not phone.number_input
    become(LECTURER)
    button(lecturer, "All as in the settings file").click().run()
    assert lab.class_limits().person.running == 1
    assert "All as in the settings file" not in [each.label for each in lecturer.button]


def test_a_link_is_sent_to_all(lab, room, open_page, become):
    become(LECTURER)
    lecturer = open_page("room")
    field(lecturer.text_input, "Address of a page").set_value("https://evil.example/elsewhere")
    button(lecturer, "Send it").click().run()
    assert "no page of this server" in texts(lecturer.error) and lab.room(room.code).link is None
    assert field(lecturer.text_input, "Address of a page").value == "https://evil.example/elsewhere"
    field(lecturer.text_input, "Address of a page").set_value("http://127.0.0.1:8501/train?preset=clip-norm")
    button(lecturer, "Send it").click().run()
    assert lab.room(room.code).link == "/train?preset=clip-norm"
    assert not field(lecturer.text_input, "Address of a page").value
    become(lab.join(room.code, "Anna"))
    for page_ in ("room", "home"):
        assert "The lecturer sends you to **Train**" in ways(open_page(page_))
    assert "sends you" in ways(open_page("train")), "this page, and not what the link shows there"
    followed = open_page("train", preset="clip-norm")
    for _ in range(2):
        assert "sends you" not in ways(followed) and "preset" not in followed.query_params
        followed.run()
    lab.send_link(room.code, "/")
    assert "sends you to **Home**" in ways(followed.run()) and "sends you" not in ways(open_page("home"))
    lab.send_link(room.code, "//evil.example/x")
    assert "sends you" not in ways(open_page("home"))
