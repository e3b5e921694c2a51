"""A class whose people log in: the door, the lecturers by their addresses, and what is kept of an address."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient
from streamlit import auth_util
from streamlit.runtime.secrets import AttrDict
from streamlit.web.server.starlette import starlette_auth_routes

from sentiment_core.classroom.settings import set_up, settings_file
from tests.pages.test_class import HERE, HTML, hears, visit  # noqa: F401
from ui.server import login

AUTH = {
    "redirect_uri": f"{HERE}/oauth2callback",
    "cookie_secret": "a" * 40,
    "client_id": "lab",
    "client_secret": "b" * 40,
    "server_metadata_url": "http://127.0.0.1:9/.well-known/openid-configuration",
}
LECTURER_ADDRESS = "Prof@school.example"


@pytest.fixture
def school(lab, monkeypatch: pytest.MonkeyPatch):
    """A class with a login; returns its open room."""
    set_up()
    path = settings_file()
    path.write_text(path.read_text().replace("lecturers = []", f'lecturers = ["{LECTURER_ADDRESS}"]'))
    monkeypatch.setattr(auth_util, "get_secrets_auth_section", lambda: AttrDict(AUTH))
    monkeypatch.setattr(login.auth_util, "validate_auth_credentials", lambda provider: None)
    monkeypatch.setattr(login.auth_util, "encode_provider_token", lambda provider: "TOKEN")
    return lab.open_room("Monday's course")


@pytest.fixture
def logged_in(visit: Callable[..., TestClient]) -> Callable[..., TestClient]:  # noqa: F811
    """`logged_in(email)` is a browser whose user the provider has named; a claim may be another one."""

    def browser(email: str, /, **claims: object) -> TestClient:
        client = visit()
        user = {"origin": HERE, "is_logged_in": True, "email": email, "name": "Änna <b>", **claims}
        name = starlette_auth_routes.USER_COOKIE_NAME
        signed = starlette_auth_routes._create_signed_value_wrapper(name, json.dumps(user))
        client.cookies.set(name, signed.decode())
        return client

    return browser


def test_who_has_not_logged_in_is_sent_to_the_login_and_cannot_join(lab, school, visit):  # noqa: F811
    client = visit()
    form = client.get(f"/join/{school.code}")
    assert "/auth/login?provider=TOKEN" in form.text
    refused = client.post("/join", data={"code": school.code, "name": "Anna"})
    assert refused.status_code == 400 and "Log in first" in refused.text and lab.members(school.code) == []
    assert client.get("/auth/login").status_code == client.get("/oauth2callback").status_code == 404, "behind the door"
    assert client.get("/room").status_code == 401 and not hears(client)


def test_without_a_login_streamlits_routes_of_it_stay_shut(lab, visit):  # noqa: F811
    set_up()
    assert visit().get("/auth/login").status_code == visit().get("/oauth2callback").status_code == 401


def test_a_student_is_the_same_in_every_browser_and_their_address_is_nowhere(lab, school, logged_in):
    first = logged_in("anna@school.example")
    assert "anna@school.example" in first.get("/join").text and "Änna &lt;b&gt;" in first.get("/join").text
    first.post("/join", data={"code": school.code, "name": "Anna"})
    (anna,) = lab.members(school.code)
    assert first.get("/", headers=HTML).text == "inside"
    lab.close_room(school.code)
    again = logged_in("ANNA@school.example").post("/join", data={"code": school.code, "name": "Somebody"})
    assert again.status_code == 303 and lab.members(school.code) == [anna]
    other = logged_in("ben@school.example").post("/join", data={"code": school.code, "name": "Ben"})
    assert other.status_code == 400 and "closed" in other.text
    assert "anna" not in str(anna.id) and len(str(anna.id)) == 16
    home = settings_file().parent
    assert not any(b"anna@school" in path.read_bytes() for path in home.glob("*") if path.is_file())


def test_a_lecturer_is_who_the_list_names_until_it_names_another(lab, school, logged_in):
    lecturer = logged_in(LECTURER_ADDRESS.lower())
    answer = lecturer.get("/join")
    assert (answer.status_code, answer.headers["location"]) == (303, "/room")
    assert "You are <b>Lecturer</b>" in lecturer.get("/join").text
    path = settings_file()
    path.write_text(path.read_text().replace(LECTURER_ADDRESS, "another@school.example"))
    assert lecturer.get("/room").status_code == 401 and lecturer.get("/join").status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"is_logged_in": False},
        {"origin": "http://evil.example"},
        {"email": ""},
        {"email": None},
        {"email": "Prof@school.example, x@y"},
        {"email": ["Prof@school.example"]},
    ],
)
def test_whose_address_is_in_doubt_is_nobody(lab, school, logged_in, claims):
    client = logged_in(LECTURER_ADDRESS, **claims)
    assert client.get("/join").status_code == 200 and client.get("/room").status_code == 401


def test_a_forged_login_is_none(lab, school, visit):  # noqa: F811
    client = visit()
    client.cookies.set(starlette_auth_routes.USER_COOKIE_NAME, json.dumps({"email": LECTURER_ADDRESS}))
    assert client.get("/join").status_code == 200 and client.get("/room").status_code == 401


def test_leaving_ends_the_login_too(lab, school, logged_in):
    assert logged_in(LECTURER_ADDRESS).post("/leave").headers["location"] == "/auth/logout"


def test_a_login_that_cannot_begin_says_why(lab, school, visit, monkeypatch):  # noqa: F811
    def refuse(provider: str) -> None:
        raise login.StreamlitAuthError("no client_id")

    monkeypatch.setattr(login.auth_util, "validate_auth_credentials", refuse)
    assert "The login is not set up: no client_id" in visit().get("/join").text
