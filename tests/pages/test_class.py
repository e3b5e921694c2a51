"""A class on pages and routes: who gets in, what each person sees, and what is refused whoever asks for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit.testing.v1 import AppTest

from sentiment_core.classroom.people import LECTURER, Person
from sentiment_core.classroom.settings import class_settings, set_up
from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import DataError
from sentiment_core.metrics import Status
from sentiment_core.work.executors.local import LocalExecutor
from tests.pages.conftest import button, finished_twin, texts, twin_of
from ui.server.api import routes
from ui.server.door import WITHIN, door, door_routes
from ui.server.gate import gate
from ui.server.tickets import COOKIE, issue

HERE = "http://127.0.0.1:8501"


async def page(_request):
    return PlainTextResponse("inside")


async def talk(socket: WebSocket):
    await socket.accept()
    await socket.send_text("inside")
    await socket.close()


@pytest.fixture
def visit() -> Callable[..., TestClient]:
    """`visit(person)` is a browser of somebody, or of nobody, in front of the door; it follows no redirects."""

    def visited(person: Person | None = None) -> TestClient:
        inside = [
            Route("/", page),
            Route("/room", page, methods=["GET", "PUT"]),
            WebSocketRoute("/_stcore/stream", talk),
        ]
        app = Starlette(routes=[*door_routes(), *routes(), *inside], middleware=[gate(), door()])
        client = TestClient(app, base_url=HERE, follow_redirects=False)
        settings = class_settings()
        if person is not None and settings is not None:
            client.cookies.set(COOKIE, issue(person, settings))
        return client

    return visited


def hears(client: TestClient) -> bool:
    try:
        with client.websocket_connect("/_stcore/stream", headers={"host": "127.0.0.1:8501"}) as socket:
            return socket.receive_text() == "inside"
    except WebSocketDisconnect:
        return False


HTML = {"accept": "text/html"}


def test_without_a_class_everybody_is_in(lab, visit):
    nobody = visit()
    assert nobody.get("/", headers=HTML).text == "inside" and hears(nobody)
    assert nobody.get("/join").headers["location"] == "/" and nobody.post("/join").status_code == 303


def test_who_has_not_joined_sees_the_form_and_nothing_else(lab, room, visit):
    nobody, experiment = visit(), finished_twin(lab)
    sent = nobody.get("/lessons?lesson=clip-norm&x=1", headers=HTML)
    assert (sent.status_code, sent.headers["location"]) == (303, "/join?next=%2Flessons%3Flesson%3Dclip-norm%26x%3D1")
    assert not hears(nobody)
    for path in (
        "/",
        "/room",
        f"/api/experiments/{experiment.id}",
        "/media/x",
        "/_stcore/upload_file/a/b",
        "/assets/live_plot.js",
    ):
        assert nobody.get(path).status_code == 401, path
        assert "room's code" in nobody.get(path).json()["error"]
    assert nobody.put("/room").status_code == 401
    form = nobody.get(f"/join/{room.code}")
    assert form.status_code == 200 and f'value="{room.code}"' in form.text
    assert (
        "default-src 'none'" in form.headers["content-security-policy"] and form.headers["cache-control"] == "no-store"
    )
    assert nobody.get("/assets/join.css").status_code == 200


@pytest.mark.parametrize("forged", ["", "x", "WyJhIiwiIl0.aaaa.bbbb", "é", "null"])
def test_a_forged_ticket_is_none(lab, room, visit, forged):
    client = visit()
    refused = client.get("/room", headers={"cookie": f"{COOKIE}={forged}".encode()})
    assert refused.status_code == 401


def test_a_ticket_ends_after_its_time_and_a_lecturers_with_its_code(lab, room, visit, monkeypatch):
    anna = lab.join(room.code, "Anna")
    student, lecturer = visit(anna), visit(LECTURER)
    assert student.get("/room").status_code == lecturer.get("/room").status_code == 200
    path = lab_settings()
    path.unlink()
    set_up()
    assert student.get("/room").status_code == 200 and lecturer.get("/room").status_code == 401
    real = time.time
    monkeypatch.setattr("itsdangerous.timed.time", SimpleNamespace(time=lambda: real() + 12 * 3600 + 2))
    assert student.get("/room").status_code == 401


def lab_settings():
    from sentiment_core.classroom.settings import settings_file

    return settings_file()


def test_a_student_joins_with_a_code_and_a_name(lab, room, visit):
    client = visit()
    answer = client.post("/join", data={"code": room.code.lower(), "name": "  Änna ", "next": "/lessons?lesson=relu"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/lessons?lesson=relu")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "max-age=43200" in cookie and "secure" not in cookie
    assert [person.name for person in lab.members(room.code)] == ["Änna"]
    assert client.get("/", headers=HTML).text == "inside"
    assert hears(visit(lab.members(room.code)[0]))
    assert "You are <b>Änna</b> here" in client.get("/join").text
    assert client.post("/leave").headers["location"] == "/join"
    assert client.get("/room").status_code == 401


def test_over_tls_the_cookie_goes_nowhere_else(lab, room, visit):
    client = visit()
    client.base_url = HERE.replace("http", "https")
    assert "secure" in client.post("/join", data={"code": room.code, "name": "Anna"}).headers["set-cookie"].lower()


def test_the_lecturer_comes_in_with_the_access_code(lab, access, visit):
    client = visit()
    refused = client.post("/join", data={"access": "AAAAA-BBBBB"})
    assert refused.status_code == 400 and "access code" in refused.text and "set-cookie" not in refused.headers
    assert client.post("/join", data={"access": access}).headers["location"] == "/room"
    assert "You are <b>Lecturer</b>" in client.get("/join").text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"code": "ZZZZZ", "name": "Anna"}, "There is no room with this code"),
        ({"code": "12", "name": "Anna"}, "five letters"),
        ({"name": " "}, "Choose a name"),
        ({"name": "\u202e\u200b"}, "at least one letter"),
        ({"name": "ben"}, "Somebody in this room is called ben"),
        ({"name": "x" * 5000}, "five letters"),
        ({"name": "<script>alert(1)</script>\"'" + "x" * 40}, "up to 32 letters"),
    ],
)
def test_who_cannot_join_hears_why_and_gets_no_ticket(lab, room, visit, given, said):
    lab.join(room.code, "Ben")
    answer = visit().post("/join", data={"code": room.code, **given})
    assert (
        answer.status_code == 400 and said in answer.text.replace("&#x27;", "'") and "set-cookie" not in answer.headers
    )
    assert "<script" not in answer.text and len(lab.members(room.code)) == 1


def test_another_sites_form_joins_nobody(lab, room, visit):
    answer = visit().post("/join", data={"code": room.code, "name": "Anna"}, headers={"origin": "http://evil.example"})
    assert answer.status_code == 403 and lab.members(room.code) == []


@pytest.mark.parametrize(
    "link", ["//evil.example", "/\\evil.example", "https://evil.example", "/a\nb", "evil", "/" + "a" * 4000]
)
def test_the_form_leads_to_no_other_server(link):
    assert not WITHIN.fullmatch(link)


def test_settings_that_cannot_be_read_open_nothing(lab, room, visit):
    client = visit(LECTURER)
    lab_settings().write_text("[class]\nhours = 1\n")
    answer = client.get("/", headers=HTML)
    assert answer.status_code == 503 and "lecturer_code" in answer.text


def test_who_has_joined_reads_by_a_link_whosever_it_is(lab, room, visit):
    experiment = lab.acting_for(lab.join(room.code, "Anna")).create_experiment(ExperimentConfig())
    ben = visit(lab.join(room.code, "Ben"))
    assert ben.get(f"/api/experiments/{experiment.id}").json()["id"] == experiment.id


# Pages.


def test_a_page_is_drawn_for_nobody_unknown(lab, room, open_page, become):
    finished_twin(lab)
    become(None)
    drawn = open_page("runs")
    assert "room's code" in texts(drawn.error).replace("\\", "") and not drawn.dataframe


def test_each_sees_their_own_runs_and_others_by_link(lab, room, open_page, become):
    anna, ben = (lab.join(room.code, name) for name in ("Anna", "Ben"))
    mine, other = twin_of(lab, anna), twin_of(lab, ben)
    become(anna)
    listed = open_page("runs")
    assert set(listed.dataframe[0].value["Experiment"]) == {"of Anna"}
    assert not button(listed, "Delete").disabled and not button(listed, "Rename").disabled
    linked = open_page("runs", runs=other.runs[0].id)
    assert set(linked.dataframe[0].value["Person"]) == {"Anna", "Ben"}
    assert button(linked, "Delete").disabled and button(linked, "Rename").disabled
    become(LECTURER)
    everything = open_page("runs")
    assert set(everything.dataframe[0].value["Experiment"]) == {"of Anna", "of Ben"}
    assert mine.owner == anna.id


def test_what_caused_an_error_is_told_to_who_runs_the_server(lab, room, open_page, become, monkeypatch):
    def gone(_config):
        raise DataError("the file is gone") from FileNotFoundError("/srv/lab/secret.csv")

    monkeypatch.setattr("ui.data.source.check_here", gone)
    for person, told in ((LECTURER, True), (lab.join(room.code, "Anna"), False)):
        become(person)
        drawn = open_page("data")
        assert "the file is gone" in drawn.error[0].value
        assert ("/srv/lab" in texts(drawn.text)) is told


def test_a_page_offers_nothing_to_do_with_anothers_experiment(lab, room, open_page, become):
    anna, ben = (lab.join(room.code, name) for name in ("Anna", "<b>Ben</b>"))
    theirs = twin_of(lab, ben, Status.PAUSED)
    become(anna)
    seen = open_page("train", experiment=theirs.id)
    assert not {"Resume", "Stop", "Pause"} & {each.label for each in seen.button}
    assert r"\<b\>Ben\<" in texts(seen.caption)
    become(ben)
    assert {"Resume", "Stop"} <= {each.label for each in open_page("train", experiment=theirs.id).button}


def test_a_click_on_what_is_anothers_is_refused(lab, room, open_page, become):
    """Whatever a page draws: what it calls refuses."""
    anna, ben = (lab.join(room.code, name) for name in ("Anna", "Ben"))
    theirs = twin_of(lab, ben, Status.PAUSED)
    become(ben)
    seen = open_page("train", experiment=theirs.id)
    become(anna)
    button(seen, "Stop").click().run()
    # The session is Ben's until the frame has looked again; from then on it is Anna's.
    seen = seen.run()
    assert not {"Resume", "Stop"} & {each.label for each in seen.button}


def test_a_students_training_is_theirs_and_the_second_is_the_first(lab, room, open_page, become, worked_here, tiny):
    anna, ben = (lab.join(room.code, name) for name in ("Anna", "Ben"))
    lab.acting_for(LECTURER).give_seeds(room.code, True)
    become(anna)
    script = started(tiny())
    assert not script.exception
    (made,) = lab.acting_for(anna).experiments()
    assert made.owner == anna.id and made.config.seed == anna.number == 1
    script.run()
    assert len(lab.experiments()) == 1 and "exactly this" in script.toast[0].value
    become(ben)
    started(tiny())
    assert [each.config.seed for each in lab.experiments()] == [2, 1], "a seed each"


def started(config: ExperimentConfig) -> AppTest:
    written = config.model_dump_json()
    return AppTest.from_function(started_by_script, args=(written,), default_timeout=60).run()


def started_by_script(written: str) -> None:
    from sentiment_core.config import ExperimentConfig
    from ui.kit.launch import start_experiments
    from ui.kit.notices import errors_shown
    from ui.server.backend import shared_store
    from ui.server.visitor import identify

    with errors_shown():
        identify(shared_store)
        start_experiments([ExperimentConfig.model_validate_json(written)])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"training.epochs": 200, "data.limit": 4000}, "training.steps"),
        ({"model.hidden_size": 1024, "model.num_layers": 3, "model.cell": "lstm"}, "training.parameters"),
        ({"data.source": "csv", "data.path": "UPLOAD"}, "use this file"),
    ],
)
def test_what_a_student_may_not_train_says_why(lab, room, become, tiny, monkeypatch, fields, said):
    from ui.kit.uploads import save_upload

    monkeypatch.setattr(LocalExecutor, "submit", lambda executor, work_id: None)
    anna, ben = (lab.join(room.code, name) for name in ("Anna", "Ben"))
    path = save_upload("reviews.csv", b"review,label\ngood,1\nbad,0\n")
    lab.acting_for(ben).note_upload(path.name)
    config = tiny({name: str(path) if value == "UPLOAD" else value for name, value in fields.items()})
    become(anna)
    script = started(config)
    assert said in texts(script.error).replace("\\", "") and lab.experiments() == []
    become(LECTURER)
    script = started(config)
    assert not script.error and len(lab.experiments()) == 1, "nothing of it limits the lecturer"


def test_an_upload_is_used_by_whoever_brought_it(lab, room, open_page, become):
    from ui.kit.uploads import save_upload

    anna, ben = (lab.join(room.code, name) for name in ("Anna", "Ben"))
    path = save_upload("reviews.csv", b"review,label\ngood,1\nbad,0\n")
    lab.acting_for(ben).note_upload(path.name)
    query = {"data.source": "csv", "data.path": path.name}
    become(anna)
    assert "use this file" in texts(open_page("train", **query).error).replace("\\", "")
    lab.acting_for(LECTURER).note_upload(path.name)
    assert "use this file" not in texts(open_page("train", **query).error).replace("\\", ""), "it is handed out"


def test_without_a_class_there_is_no_room(lab, open_page):
    finished_twin(lab)
    drawn = open_page("runs")
    assert "Person" not in drawn.dataframe[0].value and not drawn.error
