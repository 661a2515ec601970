"""Every pinned requirement is locked, and every locked package has hashes."""

import re

import pytest

from tests.settings import BASE_DIR

PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;]+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    """Versions by normalized name (PEP 503)."""
    text = (BASE_DIR / name).read_text()
    return {re.sub(r"[-_.]+", "-", package).lower(): version for package, version in PIN.findall(text)}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-tracing.txt"])
def test_every_requirement_is_locked(name: str) -> None:
    assert pins(name).items() <= pins("requirements.lock").items()


def test_every_locked_package_has_hashes() -> None:
    entries = re.split(r"^(?=[A-Za-z0-9])", (BASE_DIR / "requirements.lock").read_text(), flags=re.MULTILINE)
    packages = [entry for entry in entries if PIN.match(entry)]
    assert len(packages) > 100
    assert all("--hash=sha256:" in entry for entry in packages)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-tracing.txt"])
def test_every_requirement_has_a_reason(name: str) -> None:
    lines = [line for line in (BASE_DIR / name).read_text().splitlines() if PIN.match(line)]
    assert [line for line in lines if " # " not in line] == []
