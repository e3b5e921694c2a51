"""compose.yaml, Dockerfile and Kubernetes manifests: what can be known of them without running them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.capacity import Costs, needs

ROOT = Path(__file__).resolve().parents[1]
IMAGES = {"sentiment-lab", "sentiment-lab:latest", "postgres:17"}
MANIFESTS = sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
API = {
    "ConfigMap": "v1",
    "Deployment": "apps/v1",
    "PersistentVolumeClaim": "v1",
    "RayCluster": "ray.io/v1",
    "Service": "v1",
    "StatefulSet": "apps/v1",
}
# Ray's own and PostgreSQL's: no setting of this program.
FOREIGN = re.compile(r"RAY_(AUTH_MODE|AUTH_TOKEN|USAGE_STATS_ENABLED)|POSTGRES_\w+|PGDATA|PYTHONUNBUFFERED")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def objects() -> list[dict[str, Any]]:
    texts = [path.read_text(encoding="utf-8") for path in MANIFESTS]
    return [document for text in texts for document in yaml.safe_load_all(text)]


def pods(objects: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and the pod template of everything that makes pods."""
    for each in objects:
        spec, name = each.get("spec", {}), f"{each['kind']} {each['metadata']['name']}"
        groups = [spec.get("headGroupSpec"), *spec.get("workerGroupSpecs", [])] if each["kind"] == "RayCluster" else []
        for owner in [*filter(None, groups), *([spec] if each["kind"] in {"Deployment", "StatefulSet"} else [])]:
            yield name, owner["template"]


def in_the_code() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "sentiment_core").rglob("*.py"))


def test_every_variable_is_one_that_the_code_reads(compose: dict[str, Any], objects: list[dict[str, Any]]) -> None:
    named = {name for service in compose["services"].values() for name in service.get("environment", {})}
    for _, template in pods(objects):
        named |= {item["name"] for each in template["spec"]["containers"] for item in each.get("env", [])}
    named |= {name for each in objects if each["kind"] == "ConfigMap" for name in each["data"]}
    named |= set(re.findall(r"\b([A-Z][A-Z_]+)=", (ROOT / "Dockerfile").read_text(encoding="utf-8")))
    named |= set(re.findall(r"\$([A-Z_]+)", (ROOT / "deploy" / "app.sh").read_text(encoding="utf-8")))
    code = in_the_code()
    ours = {name for name in named if not FOREIGN.fullmatch(name)}
    assert {"SENTIMENT_HOME", "SENTIMENT_STORE_URL", "SENTIMENT_EXECUTOR", "SENTIMENT_RAY_ADDRESS"} <= ours
    assert not {name for name in ours if f'"{name}"' not in code}


def test_every_image_is_one_of_two(compose: dict[str, Any], objects: list[dict[str, Any]]) -> None:
    images = {service["image"] for service in compose["services"].values()}
    images |= {each["image"] for _, template in pods(objects) for each in template["spec"]["containers"]}
    assert images == IMAGES
    assert sum("build" in service for service in compose["services"].values()) == 1, "the image is built once"
    assert "'.[cluster]'" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_compose_names_only_what_it_declares(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"app", "postgres", "ray-head", "ray-worker"}
    for service in services.values():
        for name, condition in service.get("depends_on", {}).items():
            assert condition == {"condition": "service_healthy"} and "healthcheck" in services[name]
        assert {volume.partition(":")[0] for volume in service.get("volumes", [])} <= set(compose["volumes"])
    assert services["app"]["environment"]["SENTIMENT_RAY_ADDRESS"] == "ray-head:6379"
    assert "--port=6379" in services["ray-head"]["command"]
    assert "--address=ray-head:6379" in services["ray-worker"]["command"]
    alike = ("SENTIMENT_HOME", "SENTIMENT_STORE_URL", "RAY_AUTH_TOKEN")
    nodes = [services[name]["environment"] for name in ("app", "ray-head", "ray-worker")]
    assert all(len({node[name] for node in nodes}) == 1 for name in alike), "every node sees the same store and files"
    assert services["app"]["ports"] == ["127.0.0.1:8501:8501"]


def test_no_secret_is_written_down(compose: dict[str, Any], objects: list[dict[str, Any]]) -> None:
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            assert not re.search("PASSWORD|TOKEN", name) or re.fullmatch(r"\$\{\w+:\?set it in \.env\}", value)
    keys = set()
    for _, template in pods(objects):
        for item in (item for each in template["spec"]["containers"] for item in each.get("env", [])):
            if re.search("PASSWORD|TOKEN|STORE_URL", item["name"]):
                assert item["valueFrom"]["secretKeyRef"]["name"] == "sentiment-lab"
                keys.add(item["valueFrom"]["secretKeyRef"]["key"])
    told = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    assert keys == set(re.findall(r"--from-literal=([\w-]+)=", told)), "the page says how to make the secret"


def test_manifests_have_the_kinds_and_fields_that_kubernetes_asks_for(objects: list[dict[str, Any]]) -> None:
    for each in objects:
        assert each["apiVersion"] == API[each["kind"]] and each["metadata"]["name"]
    assert len({(each["kind"], each["metadata"]["name"]) for each in objects}) == len(objects)
    claims = {each["metadata"]["name"] for each in objects if each["kind"] == "PersistentVolumeClaim"}
    maps = {each["metadata"]["name"] for each in objects if each["kind"] == "ConfigMap"}
    labels = []
    for name, template in pods(objects):
        spec = template["spec"]
        volumes = {volume["name"]: volume for volume in spec.get("volumes", [])}
        for volume in volumes.values():
            assert volume["persistentVolumeClaim"]["claimName"] in claims, name
        for container in spec["containers"]:
            assert container["name"] and container["resources"]["requests"], name
            mounted = {mount["name"] for mount in container["volumeMounts"]}
            assert mounted <= {*volumes, "data"}, name
            assert all(source["configMapRef"]["name"] in maps for source in container.get("envFrom", []))
        labels.append(template.get("metadata", {}).get("labels"))
    for each in objects:
        if each["kind"] in {"Deployment", "StatefulSet"}:
            assert each["spec"]["selector"]["matchLabels"] == each["spec"]["template"]["metadata"]["labels"]
        if each["kind"] == "Service":
            assert each["spec"]["selector"] in labels, "a service that finds no pod"


def test_the_app_looks_for_the_head_that_kuberay_makes(objects: list[dict[str, Any]]) -> None:
    cluster = next(each for each in objects if each["kind"] == "RayCluster")
    app = next(each for each in objects if each["kind"] == "Deployment")
    variables = {item["name"]: item.get("value") for item in app["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert variables["SENTIMENT_RAY_ADDRESS"] == f"{cluster['metadata']['name']}-head-svc:6379"
    assert cluster["spec"]["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["cluster"]
    least = re.search(r"ray>=(\d+)\.(\d+),<3", " ".join(extra))
    assert least is not None
    version = tuple(map(int, cluster["spec"]["rayVersion"].split(".")))
    assert version >= (int(least[1]), int(least[2])) >= (2, 52), "tokens are checked from 2.52 on"


def test_ray_pods_have_what_kuberay_would_do_wrong(objects: list[dict[str, Any]]) -> None:
    pods_of_ray = [template for name, template in pods(objects) if name.startswith("RayCluster")]
    assert len(pods_of_ray) == 2
    for template in pods_of_ray:
        (container,) = template["spec"]["containers"]
        assert {"name": "RAY_AUTH_MODE", "value": "token"} in container["env"], "the one that waits gets `env` alone"
        assert container["readinessProbe"] and container["livenessProbe"], "KubeRay's own need wget and the dashboard"


def test_workers_keep_their_temporary_files_when_the_service_stops() -> None:
    unit = (ROOT / "deploy" / "sentiment-lab.service").read_text(encoding="utf-8")
    told = dict(re.findall(r"^(?:Environment=)?(\w+)=(.+)$", unit, re.M))
    assert told["KillMode"] == "process", "workers outlive the server"
    assert told["TMPDIR"] == f"/var/cache/{told['CacheDirectory']}", "systemd deletes a private /tmp"


def test_the_service_starts_where_the_page_says_that_secrets_lie() -> None:
    unit = (ROOT / "deploy" / "sentiment-lab.service").read_text(encoding="utf-8")
    told = dict(re.findall(r"^(?:Environment=)?(\w+)=(.+)$", unit, re.M))
    assert told["WorkingDirectory"] == f"/var/lib/{told['StateDirectory']}", (
        "systemd makes it, and starts in / otherwise"
    )
    page = (ROOT / "docs" / "class.md").read_text(encoding="utf-8")
    assert f"`{told['WorkingDirectory']}/.streamlit/secrets.toml`" in page


def test_secrets_are_found_in_the_folder_in_which_the_app_is_started(tmp_path: Path) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text('[auth]\ncookie_secret = "x"\n', encoding="utf-8")
    code = "from ui.server.login import is_set; print(is_set())"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-c", code]
    asked = [subprocess.run(command, cwd=each, env=environment, capture_output=True) for each in (tmp_path, ROOT)]
    assert [each.stdout.strip() for each in asked] == [b"True", b"False"]


def test_the_script_of_the_app_is_a_shell_script() -> None:
    subprocess.run(["sh", "-n", ROOT / "deploy" / "app.sh"], check=True)


def test_the_capacity_model_multiplies_what_was_measured() -> None:
    costs = Costs(
        worker_memory=4e8, training=45.0, server_memory=7e8, browser_memory=1e6, page=0.1, watching=0.01, write=0.002
    )
    found = needs(1_000, costs)
    assert found.trainings == 1_000 * 4 * 45 / 3600 == 50
    assert found.training_cores == 72, "at 70 % of each"
    assert found.servers == 10, "pages 1.67 cores, watching 5"
    assert found.writes == 50 * (4 + 2) and found.databases == 1
    assert needs(1_000_000, costs).databases == 858
