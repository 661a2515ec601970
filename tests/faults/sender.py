"""A client that repeats a request until it is answered, as the documentation asks."""

import http.client
import json
import time
import urllib.parse
from typing import Any


class Sender:
    def __init__(self, url: str, key: str) -> None:
        self.address = urllib.parse.urlsplit(url).netloc
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def post(self, path: str, body: Any, *, prefer: str = "", timeout: float = 120) -> tuple[int, Any]:
        """Status and body of the first response with a status below 500."""
        headers = self.headers | ({"Prefer": prefer} if prefer else {})
        return self._until_answered("POST", path, json.dumps(body), headers, timeout)

    def get(self, path: str, *, timeout: float = 120) -> tuple[int, Any]:
        return self._until_answered("GET", path, None, self.headers, timeout)

    def _until_answered(
        self, method: str, path: str, body: str | None, headers: dict[str, str], timeout: float
    ) -> tuple[int, Any]:
        deadline = time.monotonic() + timeout
        while True:
            try:
                status, text = self._request(method, path, body, headers)
            except (OSError, http.client.HTTPException):
                status, text = 599, b""
            if status < 500:
                return status, json.loads(text)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{method} {path}: {status} {text[:500]!r}")
            time.sleep(0.2)

    def _request(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.address, timeout=20)
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()
