"""Lists that the installation supplies as files: disposable domains, networks.

A file has one value a line, and comments after #. It is read when it is first needed, and again within a
minute after it changed. A file that can no longer be read leaves the list as it was. Without a file its
signals are missing, never "not on the list".
"""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

from django.conf import settings

from scoring.catalog.signals.networks import NetworkSet
from scoring.errors import ScoringError

logger = logging.getLogger(__name__)

CHECK_SECONDS = 60.0  # between two looks at a file's time and size
Content = TypeVar("Content")
Network = IPv4Network | IPv6Network


class UnreadableReference(ScoringError):
    """A file that cannot be read, or has a line that is no value; the message says where."""


@dataclass(frozen=True, slots=True)
class Loaded(Generic[Content]):
    """A list's values as looked up. `version`: eight digits of its content's hash, which receipts name."""

    values: Content
    version: str
    count: int


class ReferenceFile(Generic[Content]):
    """One list. `parse` makes what is looked up of (line number, value) pairs, or raises ValueError."""

    def __init__(self, path: str, parse: Callable[[list[tuple[int, str]]], Content]) -> None:
        self.path, self._parse = Path(path), parse
        self._loaded: Loaded[Content] | None = None
        self._seen: tuple[int, int] | None = None  # the file's time and size when it was read
        self._check_at = 0.0
        self._lock = Lock()

    def current(self) -> Loaded[Content] | None:
        """The list as of the last minute; None if it could never be read."""
        if time.monotonic() >= self._check_at and self._lock.acquire(blocking=False):
            try:
                self._refresh()
            finally:
                self._check_at = time.monotonic() + CHECK_SECONDS
                self._lock.release()
        return self._loaded

    def read(self) -> Loaded[Content]:
        """The list as the file has it now. Raises UnreadableReference."""
        try:
            text = self.path.read_text(encoding="utf-8-sig")
            lines = list(_values(text))
            return Loaded(self._parse(lines), hashlib.sha256(text.encode()).hexdigest()[:8], len(lines))
        except OSError as error:
            raise UnreadableReference(f"{self.path} cannot be read: {error.strerror or error}") from error
        except UnicodeDecodeError as error:
            raise UnreadableReference(f"{self.path} is not UTF-8 text") from error
        except ValueError as error:
            raise UnreadableReference(f"{self.path}, {error}") from error

    def _refresh(self) -> None:
        try:
            status = self.path.stat()
            seen = (status.st_mtime_ns, status.st_size)
            if seen != self._seen:
                self._loaded, self._seen = self.read(), seen
        except (OSError, UnreadableReference) as error:
            kept = "its last version is used" if self._loaded else "its signals are missing"
            logger.warning("a list of values could not be read, %s: %s", kept, error)


@cache
def disposable_domains() -> ReferenceFile[frozenset[str]] | None:
    """The list of disposable mail domains; None if the installation has none."""
    path = settings.DISPOSABLE_DOMAINS
    return ReferenceFile(path, parse_domains) if path else None


@cache
def network_list(name: str) -> ReferenceFile[NetworkSet] | None:
    """The network list of this name; None if the installation has none."""
    path = settings.NETWORK_LISTS.get(name)
    return ReferenceFile(path, parse_networks) if path else None


def parse_domains(lines: list[tuple[int, str]]) -> frozenset[str]:
    """Domains in small letters and ASCII."""
    return frozenset(_domain(number, text) for number, text in lines)


def parse_networks(lines: list[tuple[int, str]]) -> NetworkSet:
    """Networks such as 10.0.0.0/8 and 2001:db8::/32, or single addresses."""
    return NetworkSet.of([_network(number, text) for number, text in lines])


def _values(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        value = line.partition("#")[0].strip()
        if value:
            yield number, value


def _domain(number: int, text: str) -> str:
    try:
        domain = text.lower().lstrip("@").encode("idna").decode()
    except UnicodeError:
        domain = ""
    if "." not in domain or " " in domain or "@" in domain:
        raise ValueError(f"line {number}: {text[:80]!r} is not a domain, such as mailinator.com")
    return domain


def _network(number: int, text: str) -> Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"line {number}: {text[:80]!r} is not a network, such as 203.0.113.0/24") from None
