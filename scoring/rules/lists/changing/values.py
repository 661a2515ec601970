"""Values as people enter them: what can be listed, in which form, and until when."""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scoring.catalog.errors import FieldError
from scoring.catalog.parsing.characters import clean_name
from scoring.log import vault
from scoring.rules.lists.definitions import ListDefinition
from scoring.rules.lists.errors import Problem
from scoring.rules.lists.keys import ascii_domain, key_of, plain_address, value_key
from scoring.rules.lists.kinds import ListedKind, Match, listed_kinds
from scoring.timestamps import to_iso

MAX_REASON_LENGTH, MAX_TAG_LENGTH, MAX_TAGS = 200, 40, 10
MAX_DOMAIN_LENGTH = 253

_TAG = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,{MAX_TAG_LENGTH - 1}}}")
_TAG_ALLOWED = f"1 to {MAX_TAG_LENGTH} of a to z, 0 to 9, - and _"
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_SHA256 = re.compile(r"[0-9a-f]{64}")

NETWORK_ALLOWED = "a network such as 203.0.113.0/24 or 2001:db8::/32, or an IP address"
DOMAIN_ALLOWED = "a domain such as mail.example; with a dot in front (.example) a whole top-level domain"
SHA256_ALLOWED = "64 hexadecimal digits, the SHA-256 digest of the value"


@dataclass(frozen=True, slots=True)
class NewValue:
    """A value to list, as entered. `reason`: why; `expires_at`: None for good."""

    value: str
    reason: str = ""
    expires_at: datetime | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedValue:
    """A value in canonical form: its keys, its text ("" if personal), and what the vault must hold."""

    keys: tuple[bytes, ...]
    shown: str
    personal: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CheckedValue:
    """A value that can be listed."""

    parsed: ParsedValue
    reason: str
    expires_at: datetime | None
    tags: tuple[str, ...]

    def as_data(self) -> Iterator[dict[str, Any]]:
        """The value in a `list.values_added`: one element for each of its keys."""
        for key in self.parsed.keys:
            yield {
                "key": key.hex(),
                "value": self.parsed.shown,
                "reason": self.reason,
                "expires_at": to_iso(self.expires_at) if self.expires_at else None,
                "tags": list(self.tags),
            }


def parse_value(definition: ListDefinition, text: str) -> ParsedValue:
    """A value of a list in canonical form. Raises FieldError(problem, allowed)."""
    if not text.strip():
        raise FieldError("is missing", "a value")
    kind = listed_kinds()[definition.kind]
    return _PARSERS[definition.match](kind, text.strip())


def check_value(definition: ListDefinition, new: NewValue, *, now: datetime) -> CheckedValue | list[Problem]:
    """The value as it can be listed, or everything that is wrong with it."""
    problems: list[Problem] = []
    parsed = _checked(problems, "value", parse_value, definition, new.value)
    reason = _checked(problems, "reason", clean_reason, new.reason)
    tags = _checked(problems, "tags", clean_tags, new.tags)
    _checked(problems, "expires_at", check_expiry, new.expires_at, now)
    return problems or CheckedValue(parsed, reason, new.expires_at, tags)


def clean_reason(reason: str) -> str:
    """A reason in stored form. Raises FieldError for one that is missing or too long."""
    if not reason.strip():
        raise FieldError("is missing", f"why, in 1 to {MAX_REASON_LENGTH} characters")
    return clean_name(" ".join(reason.split()), MAX_REASON_LENGTH)


def clean_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Tags in lower case, each once. Raises FieldError."""
    found = tuple(dict.fromkeys(tag.strip().lower() for tag in tags if tag.strip()))
    for tag in found:
        if not _TAG.fullmatch(tag):
            raise FieldError(f"has the tag {tag[:MAX_TAG_LENGTH]!r}", _TAG_ALLOWED)
    if len(found) > MAX_TAGS:
        raise FieldError(f"has {len(found)} tags", f"at most {MAX_TAGS}")
    return found


def check_expiry(expires_at: datetime | None, now: datetime) -> None:
    """Raises FieldError for a time that has passed."""
    if expires_at is not None and expires_at <= now:
        raise FieldError(f"is {to_iso(expires_at)}, which has passed", f"a time after {to_iso(now)}")


def _checked(problems: list[Problem], field: str, check: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return check(*arguments)
    except FieldError as error:
        problems.append(Problem(field, error.problem, error.allowed))
        return None


def _value(kind: ListedKind, text: str) -> ParsedValue:
    """The value as each field of the kind reads it; those that refuse it never have it."""
    keys, personal, shown = [], [], ""
    refusals = []
    for name, field in kind.fields:
        try:
            canonical = str(field.parse(text))
        except FieldError as error:
            refusals.append(error)
            continue
        keys.append(value_key(name, canonical, personal=field.personal))
        shown = canonical
        if field.personal:
            personal.append((name, canonical))
    if not keys:
        raise refusals[0]
    return ParsedValue(tuple(dict.fromkeys(keys)), "" if kind.is_personal else shown, tuple(personal))


def _network(kind: ListedKind, text: str) -> ParsedValue:
    """A network; a single address of a personal kind is listed by its digest."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise FieldError("is not a network", NETWORK_ALLOWED) from None
    network = _plain_network(network)
    if network.num_addresses == 1:
        address = str(network.network_address)
        keys = [
            value_key(name, address if field.personal else str(network), personal=field.personal)
            for name, field in kind.fields
        ]
        personal = tuple((name, address) for name, field in kind.fields if field.personal)
        return ParsedValue(tuple(dict.fromkeys(keys)), "" if kind.is_personal else str(network), personal)
    return ParsedValue((key_of(str(network)),), str(network))


def _plain_network(
    network: ipaddress.IPv4Network | ipaddress.IPv6Network,
) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """An IPv4 network that is written as IPv6 as what it is."""
    address = plain_address(network.network_address)
    if address.version == network.version or network.prefixlen < 96:
        return network
    return ipaddress.ip_network(f"{address}/{network.prefixlen - 96}")


def _domain(kind: ListedKind, text: str) -> ParsedValue:
    whole_top_level = text.startswith(".")
    domain = ascii_domain(text.removeprefix("@").strip(".").lower())
    labels = domain.split(".")
    if len(domain) > MAX_DOMAIN_LENGTH or not all(map(_LABEL.fullmatch, labels)):
        raise FieldError("is not a domain", DOMAIN_ALLOWED)
    if len(labels) == 1 and not whole_top_level:
        raise FieldError("is a whole top-level domain", DOMAIN_ALLOWED)
    return ParsedValue((key_of(domain),), f".{domain}" if len(labels) == 1 else domain)


def _sha256(kind: ListedKind, text: str) -> ParsedValue:
    digest = text.lower()
    if not _SHA256.fullmatch(digest):
        raise FieldError("is not a SHA-256 digest", SHA256_ALLOWED)
    return ParsedValue((key_of(digest),), digest)


_PARSERS: Mapping[str, Callable[[ListedKind, str], ParsedValue]] = {
    Match.VALUE: _value,
    Match.NETWORK: _network,
    Match.DOMAIN: _domain,
    Match.SHA256: _sha256,
}


def store_personal(values: Sequence[CheckedValue]) -> None:
    """Store the personal texts of values in the vault, in the caller's transaction."""
    vault.store(item for value in values for item in value.parsed.personal)
