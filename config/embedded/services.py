"""Addresses of the embedded services and the secrets generated beside them."""

import os
import secrets
from pathlib import Path


def database_url(var: Path) -> str:
    return f"postgres://postgres@{str(var / 'postgres').replace('/', '%2F')}/assay"


def redis_url(var: Path) -> str:
    return f"unix://{var / 'redis' / 'redis.sock'}"


def read_or_create_secret(var: Path, name: str) -> str:
    path = var / "secrets" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()
