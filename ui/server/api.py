"""What the server answers besides pages: the live plot's numbers and the scripts it is drawn with."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from streamlit import config

from sentiment_core.classroom.people import permit
from sentiment_core.errors import NotFoundError, SentimentLabError
from sentiment_core.recorded import recording_of
from sentiment_core.steps.quantities import CORE, DIAGNOSTICS
from sentiment_core.store import Experiment, RunSource
from ui.server import backend
from ui.server.asked import EXPERIMENT_ID, STEP, WRITE_AFTER, WRITE_STEP, parse_after
from ui.server.experiment_json import describe, strict_json, values_of, written
from ui.server.inside_json import describe_histograms, describe_inside
from ui.server.shared_work import OverloadedError, SharedWork
from ui.server.step_blocks import AnswerPiece, gzipped
from ui.server.tally import answered, timed
from ui.server.twins_json import TWINS, twins, version_of_twins
from ui.server.visitor import asking
from ui.server.watched import HEALTH, METRICS, healthz, metrics

ASSETS = Path(__file__).parents[1] / "assets"
# Every page but the one at the root.
PAGES = sorted(path.stem for path in (Path(__file__).parents[2] / "pages").glob("*.py") if path.stem != "home")
UNCACHED = {"Cache-Control": "no-store"}
RETRY_SECONDS = 2

# Reading and writing numbers holds Python's lock: more threads would only make pages wait.
_work = SharedWork(threads=3, most_waiting=60)


def routes() -> list[BaseRoute]:
    """Return the routes for `st.App`, below `server.baseUrlPath` when one is set."""
    return [
        Route(base_url() + "/api/experiments/{id}", experiment),
        Route(base_url() + "/api/experiments/{id}/quantities/{name}", quantity),
        Route(base_url() + "/api/experiments/{id}/inside", inside),
        Route(base_url() + "/api/experiments/{id}/inside/{step}", inside_histograms),
        Route(base_url() + TWINS, twins),
        Route(base_url() + HEALTH, healthz),
        Route(base_url() + METRICS, metrics),
        Route(base_url() + "/assets/plotly.min.js", plotly),
        Mount(base_url() + "/assets", Assets(directory=ASSETS)),
        *(Route(f"{base_url()}/{name}/{{rest:path}}", to_page) for name in PAGES),
    ]


class Assets(StaticFiles):
    """Our own scripts: the browser keeps them, but asks each time whether they changed."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def base_url() -> str:
    """Return the prefix of every address of this server, such as `/lab`; mostly empty."""
    path = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


def asset_url(name: str) -> str:
    """Return the address of a file in `ui/assets`, or of `plotly.min.js` in the version that is installed."""
    query = f"?v={version('plotly')}" if name == "plotly.min.js" else ""
    return f"{base_url()}/assets/{name}{query}"


def twins_url() -> str:
    """Return where browsers find the recorded twins: another grid has another address."""
    return f"{base_url()}{TWINS}?v={version_of_twins()}"


def plotly(_request: Request) -> Response:
    """Serve plotly.js out of the installed Python package: no copy in the repository, no internet."""
    path = files("plotly") / "package_data" / "plotly.min.js"
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return FileResponse(str(path), media_type="text/javascript", headers=headers)


async def experiment(request: Request) -> Response:
    """Answer status, progress and the metrics after those that `?after=RUN:STEP:EVALUATIONS,…` says are known.

    With `?overview` the rows by which the curves of long runs are recognised, before all of them are asked for.
    """
    known, over = parse_after(request.query_params.get("after", "")), "overview" in request.query_params
    if known is None:
        return _problem(400, WRITE_AFTER)
    return await _answered(
        request,
        (over, frozenset(known.items())),
        lambda source, found: written(describe(source, found, known, over)),
    )


async def quantity(request: Request) -> Response:
    """Answer what each run measured of one quantity after step `?after=STEP`, arrays too: `MOST_VALUES` at most."""
    name, after = request.path_params["name"], request.query_params.get("after", "0")
    if name not in CORE and name not in DIAGNOSTICS:
        return _problem(404, "There is no such quantity. `python -m sentiment_core quantities` lists those there are.")
    if not STEP.fullmatch(after):
        return _problem(400, f"after: {WRITE_STEP}")
    return await _answered(
        request,
        (name, after),
        lambda source, found: [AnswerPiece.of(strict_json(values_of(source, found, name, int(after))))],
    )


async def inside(request: Request) -> Response:
    """Answer what runs measured of their inside after the steps that `?after=RUN:STEP,…` says are known."""
    known = parse_after(request.query_params.get("after", ""))
    if known is None:
        return _problem(400, WRITE_AFTER)
    after = {run_id: item.step for run_id, item in known.items()}
    return await _answered(
        request,
        ("inside", frozenset(after.items())),
        lambda source, found: [AnswerPiece.of(strict_json(describe_inside(source, found, after)))],
    )


async def inside_histograms(request: Request) -> Response:
    """Answer the histograms of each run's last look up to a step."""
    step = request.path_params["step"]
    if not STEP.fullmatch(step):
        return _problem(400, WRITE_STEP)
    return await _answered(
        request,
        ("histograms", step),
        lambda source, found: [AnswerPiece.of(strict_json(describe_histograms(source, found, int(step))))],
    )


async def _answered(
    request: Request, question: Hashable, answer: Callable[[RunSource, Experiment], Sequence[AnswerPiece]]
) -> Response:
    """Answer a question about the experiment in the address, worked out once for all who ask it at the same time."""
    with timed():
        return answered(await _answer(request, question, answer))


async def _answer(
    request: Request, question: Hashable, answer: Callable[[RunSource, Experiment], Sequence[AnswerPiece]]
) -> Response:
    identifier = request.path_params["id"]
    if not EXPERIMENT_ID.fullmatch(identifier):
        return _problem(404, "There is no such experiment. Open Runs to see those that exist.")
    try:
        # Whoever has joined may read by a link, whosever it is: so one answer does for all who ask.
        permit(asking(request.cookies), "read", None)
    except SentimentLabError as error:
        return _problem(401, str(error))
    compressed = "gzip" in request.headers.get("accept-encoding", "")

    def body_of() -> bytes:
        source = source_of(identifier)
        pieces = answer(source, source.experiment(identifier))
        return gzipped(pieces) if compressed else b"".join(piece.plain for piece in pieces)

    try:
        body = await _work.result((identifier, question, compressed), body_of)
    except NotFoundError as error:
        return _problem(404, str(error))
    except SentimentLabError as error:
        return _problem(503, str(error))
    except OverloadedError:
        return _problem(503, "The server is busy; this page asks again by itself.")
    encoding = {"Content-Encoding": "gzip"} if compressed else {}
    return Response(body, 200, {**UNCACHED, "Vary": "Accept-Encoding", **encoding}, "application/json")


def source_of(experiment_id: str) -> RunSource:
    """Return who knows an experiment: a recording, or the store; raise `NotFoundError` for an unknown recording."""
    return recording_of(experiment_id) or backend.shared_store()


def to_page(request: Request) -> Response:
    """Send a browser that asks for `/train/anything` to `/train`: Streamlit would answer with a page that stays blank.

    Only what a person opens: Streamlit's own scripts look below a page too, and must hear that nothing is there.
    """
    if "text/html" not in request.headers.get("accept", ""):
        return Response(status_code=404)
    page = request.url.path.removeprefix(base_url()).split("/")[1]
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{base_url()}/{page}{query}")


def _problem(code: int, message: str) -> Response:
    retry = {"Retry-After": str(RETRY_SECONDS)} if code == 503 else {}
    return Response(strict_json({"error": message}), code, {**UNCACHED, **retry}, "application/json")
