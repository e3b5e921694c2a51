"""Whatever crosses from one person to another is in these tables, with what becomes of it.

Every method of the store, every route of the server and every download of a page: one without an entry fails.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from streamlit.web.server.starlette import starlette_agent_routes, starlette_app, starlette_routes, starlette_websocket

from sentiment_core.classroom.people import LECTURER, Person
from sentiment_core.classroom.settings import class_settings, set_up
from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import NotAllowedError
from sentiment_core.metrics import Balance, Evaluation, Status
from sentiment_core.store import Experiment, Places, Store, Worker
from tests.store.shared import step
from ui.server.api import routes
from ui.server.door import OPEN, door, door_routes
from ui.server.gate import gate
from ui.server.tickets import COOKIE, issue

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = Worker("elsewhere", 1, 2.0)
Call = Callable[[Store, Experiment], object]

# What only its owner and a lecturer may do.
CROSSING: dict[str, list[Call]] = {
    "delete_experiment": [lambda store, it: store.delete_experiment(it.id)],
    "delete_flip": [lambda store, it: store.delete_flip(flip_of(store))],
    "permit": [lambda store, it: store.permit("stop", it.id)],
    "rename_experiment": [lambda store, it: store.rename_experiment(it.id, "mine")],
    "rename_run": [lambda store, it: store.rename_run(it.runs[0].id, "mine")],
    "request": [
        lambda store, it: store.request(it.id, "pause"),
        lambda store, it: store.request(it.id, "resume"),
        lambda store, it: store.request(it.id, "step"),
        lambda store, it: store.request(it.id, "stop"),
        lambda store, it: store.request(it.id, "learning_rate", 0.1),
        lambda store, it: store.request(it.id, "threshold", 0.1),
    ],
    "requeue": [lambda store, it: store.requeue(it.id)],
    "stop": [lambda store, it: store.stop(it.id), lambda store, it: store.stop("short-1")],
}
# What only a lecturer may do.
LEADING: dict[str, list[Call]] = {
    "change_limits": [lambda store, it: store.change_limits({"person.queued": 9})],
    "close_room": [lambda store, it: store.close_room(store.rooms()[0].code)],
    "forget_room": [lambda store, it: store.forget_room(store.rooms()[0].code)],
    "give_seeds": [lambda store, it: store.give_seeds(store.rooms()[0].code, True)],
    "open_lesson": [lambda store, it: store.open_lesson(store.rooms()[0].code, "relu")],
    "open_room": [lambda store, it: store.open_room("Mine")],
    "send_link": [lambda store, it: store.send_link(store.rooms()[0].code, "/train")],
}
# What workers and the server's care of the queue do, and nobody on a page.
WORKERS: dict[str, list[Call]] = {
    "claim": [lambda store, it: store.claim(Places(9, 9), "host")],
    "claim_experiment": [lambda store, it: store.claim_experiment(it.id, ELSEWHERE)],
    "forget_calculations": [lambda store, it: store.forget_calculations(["short-1"])],
    "give_back": [lambda store, it: store.give_back(it.id, None)],
    "heartbeat": [lambda store, it: store.heartbeat(it.id, None, ELSEWHERE)],
    "release": [lambda store, it: store.release(it.id, None, Status.FINISHED)],
    "set_status": [lambda store, it: store.set_status(it.id, Status.FINISHED)],
    "set_worker": [lambda store, it: store.set_worker(it.id, ELSEWHERE)],
    "keep_files": [lambda store, it: store.keep_files({}, f"experiments/{it.id}")],
    "obeyed": [lambda store, it: store.obeyed(it.id, [1])],
    "use_files": [lambda store, it: store.use_files(f"experiments/{it.id}", 1.0)],
    "update_run": [lambda store, it: store.update_run(it.runs[0].id, test_accuracy=1.0)],
    "write_balances": [lambda store, it: store.write_balances(it.runs[0].id, {"train": Balance(2, 1)})],
    "write_evaluations": [
        lambda store, it: store.write_evaluations(it.runs[0].id, [Evaluation(1, 1, "test", 0.5, 0.5)])
    ],
    "write_steps": [lambda store, it: store.write_steps({it.runs[0].id: [step(1)]})],
}
# What makes something of one's own, and touches nobody else's.
OWN = {
    "add_flip",
    "adopt_experiment",
    "answer",
    "ask",
    "create_experiment",
    "create_experiments",
    "note_upload",
    "vote",
}
# What nobody has to be known for: the form of the door lets people in.
AT_THE_DOOR = {"join"}
# By its link whoever has joined may read everything; lists hold one's own, as tests of the store say.
READS = {
    *(
        "active_work",
        "answered",
        "balances",
        "calculations",
        "check_bucket",
        "check_bytes",
        "class_limits",
        "count_runs",
        "counts",
        "diagnostic_names",
        "diagnostics",
        "durations",
    ),
    "flips",
    *("evaluations", "experiment", "experiments", "kept_files"),
    *("members", "names", "own_answer", "owners_of_upload", "owns"),
    *(
        "person",
        "queue_position",
        "references",
        "requested",
        "room",
        "rooms",
        "run",
        "run_place",
        "same_experiment",
        "search_runs",
    ),
    *("sizes", "statuses", "stored_bytes", "steps", "work"),
}
# The store itself: opened, closed, handed on, and where its files lie.
ITSELF = {"acting_for", "close", "folder_of", "held_by"}


def flip_of(store: Store) -> str:
    """The id of Ben's edited review, which is another's for Anna."""
    return store.flips(store.rooms()[0].code)[0].id


def test_every_method_of_the_store_has_its_place() -> None:
    tables: list[Iterable[str]] = [CROSSING, LEADING, WORKERS, OWN, AT_THE_DOOR, READS, ITSELF]
    entries = [name for table in tables for name in table]
    methods = {name for name, _ in inspect.getmembers(Store, inspect.isfunction) if not name.startswith("_")}
    assert sorted(entries) == sorted(methods)
    for name in READS | ITSELF:
        assert "_write(" not in inspect.getsource(getattr(Store, name)), f"{name} writes"


@pytest.fixture
def store(home: Path, hashed_soon: None) -> Store:
    set_up()
    return Store()


@pytest.fixture
def people(store: Store) -> tuple[Person, Person]:
    code = store.open_room("Monday's course").code
    return store.join(code, "Anna"), store.join(code, "Ben")


@pytest.mark.parametrize("name", [*CROSSING, *LEADING, *WORKERS])
@pytest.mark.parametrize("owner", ["another", "the lecturer"])
def test_a_student_does_nothing_with_what_is_not_theirs(
    store: Store, people: tuple[Person, Person], name: str, owner: str
) -> None:
    anna, ben = people
    theirs = store.acting_for(ben if owner == "another" else LECTURER)
    made = theirs.create_experiment(ExperimentConfig())
    theirs.ask("short", "short-1", "{}", False, None, again=False)
    store.acting_for(ben).add_flip("A good film.", "A fine film.", 1, "pretrained", 0.9, 0.1)
    if name in ("delete_experiment", "requeue"):
        store.set_status(made.id, Status.STOPPED)

    def everything() -> Any:
        return (
            store.experiment(made.id),
            store.work("short-1"),
            store.rooms(),
            store.steps(made.runs[0].id),
            store.flips(ben.room),
            store.class_limits(),
        )

    before = everything()
    for call in {**CROSSING, **LEADING, **WORKERS}[name]:
        with pytest.raises(NotAllowedError):
            call(store.acting_for(anna), made)
        assert everything() == before


# Routes: who may see them (`joined` or everybody), and which methods they have. None of ours changes anything but the
# form of the door, which is about the person who sends it.
ROUTES: dict[str, tuple[str, set[str]]] = {
    "/api/experiments/{id}": ("joined", {"GET"}),
    "/api/experiments/{id}/inside": ("joined", {"GET"}),
    "/api/experiments/{id}/inside/{step}": ("joined", {"GET"}),
    "/api/experiments/{id}/quantities/{name}": ("joined", {"GET"}),
    "/api/twins": ("joined", {"GET"}),
    "/assets": ("joined", {"GET"}),
    "/assets/plotly.min.js": ("joined", {"GET"}),
    **{
        f"/{name}/{{rest:path}}": ("joined", {"GET"})
        for name in ("data", "explain", "labs", "lessons", "room", "runs", "train")
    },
    "/healthz": ("everybody", {"GET"}),
    "/join": ("everybody", {"GET", "POST"}),
    "/join/{code}": ("everybody", {"GET"}),
    "/leave": ("everybody", {"POST"}),
    "/metrics": ("everybody", {"GET"}),
}
# Streamlit's: everything but whether it lives needs a ticket. Uploads and media are found by names that the server
# draws for each session, or makes of their content.
STREAMLITS_OPEN = {"/_stcore/health"}


@pytest.fixture
def visit(store: Store) -> Callable[[Person | None], TestClient]:
    def visited(person: Person | None) -> TestClient:
        # Whatever stands behind the door answers.
        inside = Route("/{path:path}", lambda request: PlainTextResponse("inside"), methods=["GET", "POST", "PUT"])
        app = Starlette(routes=[*door_routes(), *routes(), inside], middleware=[gate(), door()])
        client = TestClient(app, base_url="http://127.0.0.1:8501", follow_redirects=False)
        settings = class_settings()
        assert settings is not None
        if person is not None:
            client.cookies.set(COOKIE, issue(person, settings))
        return client

    return visited


def test_every_route_has_its_place_and_changes_nothing() -> None:
    found: dict[str, set[str]] = {}
    for route in [*door_routes(), *routes()]:
        assert isinstance(route, Route | Mount)
        methods = {"GET"} if isinstance(route, Mount) else set(route.methods or ()) - {"HEAD"}
        found[route.path] = found.get(route.path, set()) | methods
    assert found == {path: methods for path, (_, methods) in ROUTES.items()}


def test_who_has_not_joined_is_refused_by_every_route(
    store: Store, people: tuple[Person, Person], visit: Callable[[Person | None], TestClient]
) -> None:
    made = store.acting_for(people[1]).create_experiment(ExperimentConfig())
    given = {"{id}": made.id, "{step}": "1", "{name}": "loss", "{rest:path}": "x", "{code}": "KMRTP"}
    stranger, student = visit(None), visit(people[0])
    for path, (who, methods) in ROUTES.items():
        for part, value in given.items():
            path = path.replace(part, value)
        for method in methods:
            assert (stranger.request(method, path).status_code == 401) is (who == "joined"), path
    for path in (f"/api/experiments/{made.id}", f"/api/experiments/{made.id}/quantities/loss"):
        assert student.get(path).json()["id" if path.endswith(made.id) else "runs"], "read by its link"
        for method in ("POST", "PUT"):
            assert student.request(method, path).text == "inside", "it is none of ours"


def test_streamlits_own_routes_are_behind_the_door(visit: Callable[[Person | None], TestClient]) -> None:
    declared = {
        "/" + value.replace("{path:path}", "x").replace("{file_id:path}", "x").replace("{", "").replace("}", "")
        for module in (starlette_routes, starlette_agent_routes, starlette_websocket)
        for name, value in vars(module).items()
        if name.startswith(("_ROUTE_", "BASE_ROUTE_")) and isinstance(value, str)
    }
    declared |= set(starlette_app._RESERVED_ROUTE_PREFIXES)
    assert len(declared) > 12
    stranger = visit(None)
    for path in declared - STREAMLITS_OPEN:
        assert not OPEN.fullmatch(path), path
        assert {stranger.request(method, path).status_code for method in ("GET", "PUT", "POST")} == {401}, path
    assert stranger.get("/_stcore/health").text == "inside"


# Pages: what they let a visitor take along, and why that is nobody else's.
DOWNLOADS = {
    "pages/home.py": "diagnostics, drawn for a lecturer",
    "ui/explain/below.py": "what the visitor asked about their own text",
    "ui/explain/file_answers.py": "answers about the visitor's own file",
    "ui/explain/study_view.py": "a study, which whoever asks the same sees",
    "ui/labs/inside/glass.py": "what the visitor asked about their own text",
    "ui/runs/actions.py": "runs, models and reports, behind permit('download')",
}


def calls(path: Path) -> set[str]:
    """The names that a module calls, as attributes or alone."""
    functions = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    return {each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in functions}


def modules() -> dict[str, set[str]]:
    paths = [*ROOT.glob("ui/**/*.py"), *ROOT.glob("pages/*.py")]
    return {path.relative_to(ROOT).as_posix(): calls(path) for path in paths}


def test_every_download_has_its_place() -> None:
    assert {path for path, called in modules().items() if "download_button" in called} == set(DOWNLOADS)
    assert "permit" in calls(ROOT / "ui/runs/actions.py")


def test_no_page_gets_round_the_store_that_acts_for_its_visitor() -> None:
    """What acts for nobody is opened by the server alone; an executor only starts what was permitted."""
    for path, called in modules().items():
        if not path.startswith("ui/server/"):
            assert not called & {"shared_store", "Store", "make_executor", "terminate", "acting_for"}, path
            assert not called & set(WORKERS), path
