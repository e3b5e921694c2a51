"""What the server answers besides pages: the live plot's numbers and the scripts it is drawn with."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from streamlit import config

from sentiment_core.baselines import trained
from sentiment_core.errors import NotFoundError, SentimentLabError
from sentiment_core.recorded import PREFIX, Recording, recording
from sentiment_core.store import Experiment, Run, Store
from ui import backend

ASSETS = Path(__file__).parent / "assets"
# Every page but the one at the root.
PAGES = sorted(path.stem for path in (Path(__file__).parent.parent / "pages").glob("*.py") if path.stem != "home")
ROWS_PER_ANSWER = 4000
COLUMNS = ("step", "epoch", "loss", "accuracy", "learning_rate", "grad_norm", "grad_norm_clipped", "threshold")
EXPERIMENT_ID = re.compile(r"[0-9a-f]{1,32}|recorded-[a-z0-9-]{1,60}")
RUN_STEP = re.compile(rf"((?:{EXPERIMENT_ID.pattern})-\d{{1,3}}):(\d{{1,9}})")


def routes() -> list[BaseRoute]:
    """Return the routes for `st.App`, below `server.baseUrlPath` when one is set."""
    return [
        Route(base_url() + "/api/experiments/{id}", experiment),
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


def plotly(_request: Request) -> Response:
    """Serve plotly.js out of the installed Python package: no copy in the repository, no internet."""
    path = files("plotly") / "package_data" / "plotly.min.js"
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return FileResponse(str(path), media_type="text/javascript", headers=headers)


def experiment(request: Request) -> Response:
    """Answer status, progress and the metrics after the steps named in `?after=RUN:STEP,…` of one experiment."""
    identifier = request.path_params["id"]
    after = parse_after(request.query_params.get("after", ""))
    if not EXPERIMENT_ID.fullmatch(identifier):
        return _problem(404, "There is no such experiment. Open Runs to see those that exist.")
    if after is None:
        return _problem(400, "after: write RUN:STEP, several separated by commas.")
    try:
        store: Store | Recording = backend.store()
        if identifier.startswith(PREFIX):
            store = recording(identifier.removeprefix(PREFIX))
        return _json(200, describe(store, store.experiment(identifier), after))
    except NotFoundError as error:
        return _problem(404, str(error))
    except SentimentLabError as error:
        return _problem(503, str(error))


def to_page(request: Request) -> Response:
    """Send a browser that asks for `/train/anything` to `/train`: Streamlit would answer with a page that stays blank.

    Only what a person opens: Streamlit's own scripts look below a page too, and must hear that nothing is there.
    """
    if "text/html" not in request.headers.get("accept", ""):
        return Response(status_code=404)
    page = request.url.path.removeprefix(base_url()).split("/")[1]
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{base_url()}/{page}{query}")


def parse_after(text: str) -> dict[str, int] | None:
    """Read `RUN:STEP,RUN:STEP`; None when it is something else."""
    if not text:
        return {}
    parts = text.split(",") if len(text) <= 1000 else [""]
    matches = [RUN_STEP.fullmatch(part) for part in parts]
    return {m[1]: int(m[2]) for m in matches if m} if all(matches) else None


def describe(store: Store | Recording, found: Experiment, after: dict[str, int]) -> dict[str, Any]:
    """Return one experiment as the live plot wants it; `more` says that further rows wait.

    The first answer carries the lines to draw for baselines; later ones do not, they are polled too often.
    """
    runs = [_describe_run(store, run, after.get(run.id, 0)) for run in found.runs]
    return {
        "id": found.id,
        "name": found.name,
        "status": str(found.status),
        "error": found.error,
        "queue_position": store.queue_position(found.id),
        "progress": asdict(found.progress) if found.progress else None,
        "finished": not found.status.is_active,
        "more": any(len(run["steps"]["step"]) >= ROWS_PER_ANSWER for run in runs),
        "references": None if after else reference_lines(store, found),
        "runs": runs,
    }


def reference_lines(store: Store | Recording, found: Experiment) -> list[dict[str, Any]]:
    """Return what the baselines reached on an experiment's test reviews, as far as somebody has trained them."""
    known = store.references if isinstance(store, Recording) else trained(found.config.data)
    return [{"label": label, "value": value} for label, value in known.items()]


def _describe_run(store: Store | Recording, run: Run, after: int) -> dict[str, Any]:
    steps = store.steps(run.id, after=after, limit=ROWS_PER_ANSWER)
    return {
        "id": run.id,
        "name": run.name,
        "status": str(run.status),
        "error": run.error,
        "clipping": run.config.training.clipping,
        "parameters": run.parameters,
        "seconds": run.seconds,
        "validation_accuracy": run.validation_accuracy,
        "test_accuracy": run.test_accuracy,
        "steps": {column: steps[column] for column in COLUMNS},
        "evaluations": [asdict(evaluation) for evaluation in store.evaluations(run.id)],
    }


def _problem(code: int, message: str) -> Response:
    return _json(code, {"error": message})


def _json(code: int, content: Any) -> Response:
    """Strict JSON: browsers refuse bare NaN, so what is not finite travels as its name."""
    text = json.dumps(_strict(content), allow_nan=False, separators=(",", ":"))
    return Response(text, code, {"Cache-Control": "no-store"}, "application/json")


def _strict(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _strict(item) for key, item in value.items()}
    return [_strict(item) for item in value] if isinstance(value, list | tuple) else value
