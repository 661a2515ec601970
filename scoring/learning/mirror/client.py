"""The parts of MLflow's REST API that the mirror uses (https://mlflow.org/docs/latest/rest-api.html)."""

import ssl
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import quote, urlsplit

import orjson
import urllib3
from django.conf import settings
from urllib3.exceptions import HTTPError

from scoring.learning.mirror.errors import ArtifactsNotServed, MlflowRefused, MlflowUnavailable

API = "/api/2.0/mlflow/"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts/"
PROXIED = "mlflow-artifacts"  # the scheme of artifacts that the server stores for its clients
CONNECT_SECONDS, READ_SECONDS = 5.0, 60.0
MISSING = "RESOURCE_DOES_NOT_EXIST"
MAX_SHOWN = 300  # characters of an answer that an error quotes

Json = Mapping[str, Any]


class MlflowClient:
    """Requests to one server. Every method raises MlflowUnavailable and MlflowRefused."""

    def __init__(self, uri: str, *, headers: Mapping[str, str]) -> None:
        self._uri = uri
        self._headers = {"User-Agent": "assay", **headers}
        self._pool = urllib3.PoolManager(
            retries=False,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
            ssl_context=ssl.create_default_context() if uri.startswith("https:") else None,
        )

    def get(self, path: str, **query: str) -> Json:
        """The answer of a reading operation."""
        return self._call("GET", path, fields=query)

    def find(self, path: str, **query: str) -> Json | None:
        """The answer of a reading operation; None if there is no such thing."""
        try:
            return self.get(path, **query)
        except MlflowRefused as error:
            if error.code == MISSING:
                return None
            raise

    def post(self, path: str, body: Json) -> Json:
        """The answer of a writing operation."""
        return self._call("POST", path, body=orjson.dumps(body))

    def delete(self, path: str, body: Json) -> None:
        """Delete what `body` names."""
        self._call("DELETE", path, body=orjson.dumps(body))

    def upload(self, artifact_uri: str, path: str, content: bytes) -> None:
        """Store a file under the artifacts of a run. Raises ArtifactsNotServed."""
        place = urlsplit(artifact_uri)
        if place.scheme != PROXIED:
            raise ArtifactsNotServed(artifact_uri)
        target = quote(f"{place.path.strip('/')}/{path}")
        self._send("PUT", ARTIFACTS + target, body=content, content_type="application/octet-stream")

    def _call(self, method: str, path: str, **options: Any) -> Json:
        content = self._send(method, API + path, **options)
        try:
            answer = orjson.loads(content or b"{}")
        except orjson.JSONDecodeError as error:
            raise MlflowUnavailable(self._uri, f"{path} was answered without JSON") from error
        return cast(Json, answer)

    def _send(
        self, method: str, path: str, *, content_type: str = "application/json", **options: Any
    ) -> bytes:
        headers = self._headers | {"Content-Type": content_type}
        try:
            response = self._pool.request(
                method, self._uri + path, headers=headers, redirect=False, **options
            )
        except (HTTPError, OSError) as error:
            raise MlflowUnavailable(self._uri, str(error)) from error
        if response.status != 200:
            raise _refusal(path, response.status, response.data)
        return response.data


def client_of_settings() -> MlflowClient:
    """A client of the server that the settings name."""
    return MlflowClient(settings.MLFLOW_TRACKING_URI, headers=_credentials())


def _credentials() -> dict[str, str]:
    if settings.MLFLOW_TOKEN:
        return {"Authorization": f"Bearer {settings.MLFLOW_TOKEN}"}
    if settings.MLFLOW_USERNAME:
        return urllib3.make_headers(basic_auth=f"{settings.MLFLOW_USERNAME}:{settings.MLFLOW_PASSWORD}")
    return {}


def _refusal(path: str, status: int, content: bytes) -> MlflowRefused:
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        answer = None
    said = answer if isinstance(answer, dict) else {"message": content.decode(errors="replace")}
    message = " ".join(str(said.get("message", "")).split())[:MAX_SHOWN]
    return MlflowRefused(path, status=status, code=str(said.get("error_code", "")), message=message)
