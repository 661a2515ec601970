"""A server that answers the part of MLflow's REST API that the mirror uses, as its reference states it.

https://mlflow.org/docs/latest/rest-api.html. It refuses fields that the reference does not have.
`tests/contract/test_mirror_to_mlflow.py` runs the same tests against it and against a real server.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from urllib.request import urlopen

API, ARTIFACTS = "/api/2.0/mlflow/", "/api/2.0/mlflow-artifacts/artifacts/"
STATUS = {"RESOURCE_DOES_NOT_EXIST": 404}  # of an error; 400 for all others
STARTS_WITHIN = 120.0  # seconds, for a real server on a busy machine

Body = dict[str, Any]


class Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class FakeMlflow:
    """What the server has stored. `away`: it answers 503; `seen`: headers of requests."""

    url: str = ""
    away: bool = False
    scheme: str = "mlflow-artifacts:"
    experiments: dict[str, str] = field(default_factory=dict)  # name -> id
    runs: dict[str, Body] = field(default_factory=dict)
    models: dict[str, Body] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    seen: list[dict[str, str]] = field(default_factory=list)

    def answer(self, method: str, path: str, sent: Body) -> Body:
        known = OPERATIONS.get((method, path))
        if known is None:
            raise Refused("ENDPOINT_NOT_FOUND", f"no {method} {path}")
        required, optional, operation = known
        for name in required - sent.keys():
            raise Refused("INVALID_PARAMETER_VALUE", f"{path}: {name} is missing")
        for name in sent.keys() - required - optional:
            raise Refused("INVALID_PARAMETER_VALUE", f"{path}: there is no {name}")
        return operation(self, sent)

    def model(self, name: str) -> Body:
        if name not in self.models:
            raise Refused("RESOURCE_DOES_NOT_EXIST", f"no model {name}")
        return self.models[name]

    def run(self, run_id: str) -> Body:
        if run_id not in self.runs:
            raise Refused("RESOURCE_DOES_NOT_EXIST", f"no run {run_id}")
        return self.runs[run_id]


def _create_experiment(server: FakeMlflow, sent: Body) -> Body:
    if sent["name"] in server.experiments:
        raise Refused("RESOURCE_ALREADY_EXISTS", sent["name"])
    server.experiments[sent["name"]] = str(len(server.experiments) + 1)
    return {"experiment_id": server.experiments[sent["name"]]}


def _get_experiment(server: FakeMlflow, sent: Body) -> Body:
    if sent["experiment_name"] not in server.experiments:
        raise Refused("RESOURCE_DOES_NOT_EXIST", sent["experiment_name"])
    return {"experiment": {"experiment_id": server.experiments[sent["experiment_name"]]}}


def _create_run(server: FakeMlflow, sent: Body) -> Body:
    run_id = f"{len(server.runs):032x}"
    info = {
        "run_id": run_id,
        "run_name": sent["run_name"],
        "experiment_id": sent["experiment_id"],
        "status": "RUNNING",
        "start_time": sent["start_time"],
        "artifact_uri": f"{server.scheme}/{sent['experiment_id']}/{run_id}/artifacts",
    }
    server.runs[run_id] = {"info": info, "data": {"params": [], "metrics": [], "tags": sent["tags"]}}
    return {"run": server.runs[run_id]}


def _search_runs(server: FakeMlflow, sent: Body) -> Body:
    wanted = dict(re.findall(r"tags\.`([^`]+)` = '([^']*)'", sent["filter"]))
    found = [
        run
        for run in server.runs.values()
        if run["info"]["experiment_id"] in sent["experiment_ids"]
        and wanted.items() <= {tag["key"]: tag["value"] for tag in run["data"]["tags"]}.items()
    ]
    return {"runs": found[: sent["max_results"]]} if found else {}


def _log_batch(server: FakeMlflow, sent: Body) -> Body:
    data = server.run(sent["run_id"])["data"]
    params = {param["key"]: param["value"] for param in data["params"]}
    for param in sent.get("params", []):
        if params.get(param["key"], param["value"]) != param["value"]:
            raise Refused("INVALID_PARAMETER_VALUE", f"{param['key']} was logged with another value")
    if len(sent.get("params", [])) > 100 or len(sent.get("metrics", [])) > 1_000:
        raise Refused("INVALID_PARAMETER_VALUE", "too many at once")
    for each in (*sent.get("params", []), *sent.get("metrics", [])):
        if not re.fullmatch(r"[\w\-. /:]+", each["key"], re.ASCII):
            raise Refused("INVALID_PARAMETER_VALUE", f"invalid name {each['key']}")
    for kind in ("params", "metrics"):
        data[kind] = list({each["key"]: each for each in (*data[kind], *sent.get(kind, []))}.values())
    return {}


def _update_run(server: FakeMlflow, sent: Body) -> Body:
    server.run(sent["run_id"])["info"].update(sent)
    return {"run_info": server.run(sent["run_id"])["info"]}


def _create_model(server: FakeMlflow, sent: Body) -> Body:
    if sent["name"] in server.models:
        raise Refused("RESOURCE_ALREADY_EXISTS", sent["name"])
    server.models[sent["name"]] = {"versions": [], "aliases": {}}
    return {"registered_model": {"name": sent["name"]}}


def _get_model(server: FakeMlflow, sent: Body) -> Body:
    aliases = server.model(sent["name"])["aliases"]
    listed = [{"alias": alias, "version": version} for alias, version in aliases.items()]
    return {"registered_model": {"name": sent["name"]} | ({"aliases": listed} if listed else {})}


def _create_version(server: FakeMlflow, sent: Body) -> Body:
    versions = server.model(sent["name"])["versions"]
    versions.append({**sent, "tags": list(sent.get("tags", [])), "version": str(len(versions) + 1)})
    return {"model_version": versions[-1]}


def _search_versions(server: FakeMlflow, sent: Body) -> Body:
    wanted = dict(re.findall(r"(\w+) = '([^']*)'", sent["filter"]))
    versions = server.models.get(wanted["name"], {"versions": []})["versions"]
    found = [version for version in versions if wanted.items() <= version.items()]
    return {"model_versions": found} if found else {}


def _set_version_tag(server: FakeMlflow, sent: Body) -> Body:
    version = server.model(sent["name"])["versions"][int(sent["version"]) - 1]
    kept = [tag for tag in version["tags"] if tag["key"] != sent["key"]]
    version["tags"] = [*kept, {"key": sent["key"], "value": sent["value"]}]
    return {}


def _set_alias(server: FakeMlflow, sent: Body) -> Body:
    server.model(sent["name"])["aliases"][sent["alias"]] = sent["version"]
    return {}


def _delete_alias(server: FakeMlflow, sent: Body) -> Body:
    server.model(sent["name"])["aliases"].pop(sent["alias"], None)
    return {}


# (method, path) -> (required fields, optional fields, what it does), as in the reference.
OPERATIONS: dict[tuple[str, str], tuple[set[str], set[str], Callable[[FakeMlflow, Body], Body]]] = {
    ("POST", "experiments/create"): ({"name"}, {"artifact_location", "tags"}, _create_experiment),
    ("GET", "experiments/get-by-name"): ({"experiment_name"}, set(), _get_experiment),
    ("POST", "runs/create"): ({"experiment_id"}, {"run_name", "start_time", "tags"}, _create_run),
    ("POST", "runs/search"): (
        {"experiment_ids"},
        {"filter", "run_view_type", "max_results", "order_by", "page_token"},
        _search_runs,
    ),
    ("POST", "runs/log-batch"): ({"run_id"}, {"metrics", "params", "tags"}, _log_batch),
    ("POST", "runs/update"): ({"run_id"}, {"status", "end_time", "run_name"}, _update_run),
    ("POST", "registered-models/create"): ({"name"}, {"tags", "description"}, _create_model),
    ("GET", "registered-models/get"): ({"name"}, set(), _get_model),
    ("POST", "registered-models/alias"): ({"name", "alias", "version"}, set(), _set_alias),
    ("DELETE", "registered-models/alias"): ({"name", "alias"}, set(), _delete_alias),
    ("POST", "model-versions/create"): (
        {"name", "source"},
        {"run_id", "tags", "run_link", "description"},
        _create_version,
    ),
    ("GET", "model-versions/search"): (
        set(),
        {"filter", "max_results", "order_by", "page_token"},
        _search_versions,
    ),
    ("POST", "model-versions/set-tag"): ({"name", "version", "key", "value"}, set(), _set_version_tag),
}


@contextmanager
def fake_mlflow() -> Iterator[FakeMlflow]:
    stored = FakeMlflow()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(stored))
    server.daemon_threads = True
    stored.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield stored
    finally:
        server.shutdown()
        server.server_close()


def _handler_of(stored: FakeMlflow) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            stored.seen.append({name.lower(): value for name, value in self.headers.items()})
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, content = self._result(body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _result(self, body: bytes) -> tuple[int, bytes]:
            if stored.away:
                return 503, b"<html>away</html>"
            address = urlsplit(self.path)
            if address.path.startswith(ARTIFACTS):
                return self._file(unquote(address.path.removeprefix(ARTIFACTS)), body)
            sent = json.loads(body) if body else dict(parse_qsl(address.query))
            try:
                answer = stored.answer(self.command, address.path.removeprefix(API), sent)
            except Refused as refused:
                said = {"error_code": refused.code, "message": str(refused)}
                return STATUS.get(refused.code, 400), json.dumps(said).encode()
            return 200, json.dumps(answer).encode()

        def _file(self, path: str, body: bytes) -> tuple[int, bytes]:
            if self.command == "PUT":
                stored.files[path] = body
                return 200, b"{}"
            return (200, stored.files[path]) if path in stored.files else (404, b"{}")

        do_GET = do_POST = do_PUT = do_DELETE = _serve

        def log_message(self, *args: object) -> None:
            """Nothing."""

    return Handler


def mlflow_program() -> str | None:
    """The installed program `mlflow`: on the PATH, or the one that ASSAY_TEST_MLFLOW names."""
    return os.environ.get("ASSAY_TEST_MLFLOW") or shutil.which("mlflow")


@contextmanager
def real_mlflow(program: str, directory: Path) -> Iterator[str]:
    """The address of a real server that keeps everything in a directory."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{directory}/mlflow.db"]
    command += ["--artifacts-destination", str(directory / "artifacts")]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=directory)
    try:
        _wait_until_healthy(process, f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _wait_until_healthy(process: "subprocess.Popen[bytes]", url: str) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until and process.poll() is None:
        try:
            with urlopen(f"{url}/health", timeout=5) as answer:  # noqa: S310 -- an address of our own
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError("the MLflow server did not start")
