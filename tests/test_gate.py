"""The door: which hosts and origins get in, what the others are told, and which headers every answer carries."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit import config

from ui.server.gate import HEADERS, Gate, gate

HERE = "http://127.0.0.1:8501"


async def answer(_request):
    return PlainTextResponse("inside", headers={"Content-Security-Policy": "sandbox"})


async def talk(socket: WebSocket):
    await socket.accept()
    await socket.send_text("inside")
    await socket.close()


def client(**options) -> TestClient:
    routes = [Route("/", answer, methods=["GET", "PUT", "POST", "DELETE"]), WebSocketRoute("/stream", talk)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(Gate, **options)]), base_url=HERE)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8501",
        "localhost",
        "LOCALHOST:8501",
        "localhost.:8501",
        "[::1]:8501",
        "192.168.7.20",
        "lab.school.example:80",
    ],
)
def test_own_names_and_any_address_get_in(host):
    assert client(names=["lab.school.example"]).get("/", headers={"host": host}).text == "inside"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8501",
        "localhost.evil.example",
        "lab.school.example.evil.example",
        "sublab.school.example",
        "127.0.0.1.evil.example",
        "127.0.0.1:evil",
        "127.0.0.1:8501:8501",
        "user@127.0.0.1",
        "127.0.0.1@evil.example",
        "localhost:8501@evil.example:80",
        "localhost/evil.example",
        "localhost evil.example",
        "localhost,evil.example",
        "2130706433",
        "127.1",
        "0x7f.0.0.1",
        "[::1",
        "[bad]",
        "::1",
        ":8501",
        "",
    ],
)
def test_other_hosts_are_refused_for_pages_and_websockets(host):
    visitor = client(names=["lab.school.example"])
    refused = visitor.get("/", headers={"host": host})
    assert refused.status_code == 403
    assert "address" in refused.text
    with pytest.raises(WebSocketDisconnect) as closed, visitor.websocket_connect("/stream", headers={"host": host}):
        pass
    assert closed.value.code == 1008


def test_refusal_names_the_option_and_cannot_carry_markup():
    refused = client().get("/", headers={"host": "evil.example:8501"})
    assert "--server.allowedHosts evil.example (" in refused.text
    assert refused.headers["content-type"].startswith("text/plain")
    assert "<" not in client().get("/", headers={"host": "<script>"}).text


def test_two_host_headers_are_refused():
    request = client().build_request("GET", "/", headers=[("host", "127.0.0.1"), ("host", "evil.example")])
    assert client().send(request).status_code == 403


@pytest.mark.parametrize(("pattern", "inside"), [("*.school.example", True), ("*", True), ("school.example", False)])
def test_patterns(pattern, inside):
    answered = client(names=[pattern]).get("/", headers={"host": "lab.school.example"})
    assert (answered.status_code == 200) is inside


OWN_ORIGINS = [HERE, "https://127.0.0.1:8501", "HTTP://127.0.0.1:8501"]
FOREIGN_ORIGINS = [
    "http://evil.example",
    "http://127.0.0.1:8637",
    "http://localhost:8501",
    "http://127.0.0.1",
    "file://127.0.0.1:8501",
    "http://user@127.0.0.1:8501",
    "null",
    "",
]


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
@pytest.mark.parametrize(("origins", "status"), [(OWN_ORIGINS, 200), (FOREIGN_ORIGINS, 403)])
def test_only_own_pages_may_change_something(method, origins, status):
    for origin in origins:
        assert client().request(method, "/", headers={"origin": origin}).status_code == status, origin


def test_websockets_of_other_pages_are_refused():
    for origin in OWN_ORIGINS:
        with client().websocket_connect("/stream", headers={"origin": origin, "host": "127.0.0.1:8501"}) as socket:
            assert socket.receive_text() == "inside"
    for origin in FOREIGN_ORIGINS:
        with pytest.raises(WebSocketDisconnect):
            client().websocket_connect("/stream", headers={"origin": origin, "host": "127.0.0.1:8501"}).__enter__()


def test_a_client_that_is_no_browser_sends_no_origin():
    assert client().put("/").status_code == 200


def test_an_origin_can_be_named_for_a_proxy_that_changes_the_host():
    visitor = client(origins=["https://lab.example.org/"])
    assert visitor.put("/", headers={"origin": "https://lab.example.org"}).status_code == 200
    assert visitor.put("/", headers={"origin": "http://lab.example.org"}).status_code == 403


@pytest.mark.parametrize("headers", [{}, {"host": "evil.example"}])
def test_every_answer_carries_the_headers(headers):
    answered = client().get("/", headers=headers)
    for name, value in HEADERS.items():
        assert value in answered.headers[name]


def test_a_policy_of_the_answer_itself_stays():
    policies = client().get("/").headers.get_list("content-security-policy")
    assert policies == ["sandbox", HEADERS["Content-Security-Policy"]]


def test_streamlits_options_set_it_up_and_its_own_check_stands_back():
    before = {key: config.get_option(key) for key in ("server.allowedHosts", "server.address")}
    try:
        config.set_option("server.allowedHosts", ["lab.school.example"])
        config.set_option("server.address", "desk.example")
        given = gate().kwargs
        assert config.get_option("server.allowedHosts") == []
    finally:
        for key, value in before.items():
            config.set_option(key, value)
    assert {"lab.school.example", "desk.example"} <= set(given["names"])
