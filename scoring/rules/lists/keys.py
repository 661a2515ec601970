"""The keys by which values are looked up: 16 bytes, the same for a listed value and for an event's field.

A value's key is the BLAKE2b hash of its canonical text; that of a personal one is its digest in the vault,
which events carry already. Networks, domains and SHA-256 digests are hashed as text too. A single address of
a personal field is listed by its digest, also on a list of networks.
"""

import hashlib
import ipaddress
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from scoring.catalog.fields import Canonical
from scoring.log import vault
from scoring.rules.lists.kinds import listable_fields

KEY_BYTES = 16
VALUE, NETWORK, DOMAIN, SHA256 = MATCHES = ("value", "network", "domain", "sha256")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# The prefix lengths to look up, longest first, by version of IP.
Prefixes = Mapping[int, Collection[int]]
ALL_PREFIXES: Prefixes = {4: range(32, -1, -1), 6: range(128, -1, -1)}


class LookupKey(NamedTuple):
    """A key to look up on the lists of a kind that match in one way."""

    kind: str
    match: str
    key: bytes


# The keys of an event by field.
EventKeys = Mapping[str, tuple[LookupKey, ...]]


def key_of(text: str) -> bytes:
    """The key of a canonical text."""
    return hashlib.blake2b(text.encode(), digest_size=KEY_BYTES).digest()


def value_key(name: str, text: str, *, personal: bool) -> bytes:
    """The key of a value of the field `name`."""
    return bytes.fromhex(vault.digest_of(name, text)) if personal else key_of(text)


def network_keys(name: str, text: str, *, personal: bool, prefixes: Prefixes) -> Iterator[bytes]:
    """The keys of the networks that hold an address, narrowest first: the address itself, then prefixes."""
    address = plain_address(ipaddress.ip_address(text))
    bits, number, kind = address.max_prefixlen, int(address), type(address)
    yield value_key(name, str(address) if personal else f"{address}/{bits}", personal=personal)
    for length in prefixes.get(address.version, ()):
        if length < bits:
            yield key_of(f"{kind(number >> (bits - length) << (bits - length))}/{length}")


def plain_address(address: Address) -> Address:
    """An IPv4 address that is written as IPv6 ("::ffff:192.0.2.1") as what it is."""
    return getattr(address, "ipv4_mapped", None) or address


def domain_keys(text: str) -> tuple[bytes, ...]:
    """The keys of the domain of an e-mail address or host name, and of its parents."""
    return _keys_of_domain(domain_of(text))


@lru_cache(maxsize=10_000)
def _keys_of_domain(domain: str) -> tuple[bytes, ...]:
    labels = domain.split(".")
    return tuple(key_of(".".join(labels[place:])) for place in range(len(labels)))


def domain_of(text: str) -> str:
    """The domain of an e-mail address, host name or address of a page, in its ASCII form.

    >>> domain_of("Ana@Mail.Example.com"), domain_of("https://example.com:8080/a"), domain_of("müll.example")
    ('mail.example.com', 'example.com', 'xn--mll-hoa.example')
    """
    host = text.strip().rpartition("@")[2].lower()
    host = host.partition("://")[2] or host
    for end in "/?#:":
        host = host.partition(end)[0]
    return ascii_domain(host.strip("."))


def ascii_domain(host: str) -> str:
    """A host name in ASCII; unchanged if it has no such form."""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host


def sha256_key(text: str) -> bytes:
    """The key of the SHA-256 digest of a canonical value."""
    return key_of(hashlib.sha256(text.encode()).hexdigest())


class Probe(NamedTuple):
    """A field of an event type whose values may be on lists, and in which ways these match."""

    field: str
    kind: str
    personal: bool
    matches: tuple[str, ...]


@lru_cache(maxsize=256)
def probes_of(type_name: str, held: frozenset[tuple[str, str]]) -> tuple[Probe, ...]:
    """The fields of an event type to look up, where lists hold the kinds and matches `held`."""
    probes = (
        Probe(
            name, field.kind, field.personal, tuple(match for match in MATCHES if (field.kind, match) in held)
        )
        for name, field in listable_fields(type_name)
    )
    return tuple(probe for probe in probes if probe.matches)


def fields_to_reveal(type_name: str, held: Collection[tuple[str, str]]) -> tuple[str, ...]:
    """The personal fields whose raw values the lists that hold `held` need."""
    return tuple(
        probe.field
        for probe in probes_of(type_name, frozenset(held))
        if probe.personal and any(match != VALUE for match in probe.matches)
    )


def event_keys(
    type_name: str,
    fields: Mapping[str, Canonical],
    *,
    held: Collection[tuple[str, str]],
    revealed: Mapping[str, str],
    prefixes: Mapping[str, Prefixes] | None = None,
) -> EventKeys:
    """The keys of an event's fields, which are as in the log, on the lists that hold `held` (kind and match).

    `revealed`: raw values of personal fields by digest (`fields_to_reveal` says of which); one that is absent
    there is looked up by its digest only. `prefixes`: the prefix lengths of networks by kind, all if None.
    """
    keys = {}
    for probe in probes_of(type_name, frozenset(held)):
        if (value := fields.get(probe.field)) is not None:
            of_kind = ALL_PREFIXES if prefixes is None else prefixes.get(probe.kind, {})
            keys[probe.field] = tuple(_keys(probe, str(value), revealed, of_kind))
    return keys


def _keys(probe: Probe, logged: str, revealed: Mapping[str, str], prefixes: Prefixes) -> Iterator[LookupKey]:
    """The keys of a value that is `logged`: as a digest if it is personal."""
    for match in probe.matches:
        for key in keys_matching(probe, match, logged, revealed=revealed, prefixes=prefixes):
            yield LookupKey(probe.kind, match, key)


def keys_matching(
    probe: Probe, match: str, logged: str, *, revealed: Mapping[str, str], prefixes: Prefixes
) -> Iterable[bytes]:
    """Those keys of a value for the lists that match in one way."""
    personal = probe.personal
    if match == VALUE:
        return (bytes.fromhex(logged) if personal else key_of(logged),)
    text = revealed.get(logged) if personal else logged
    if text is None:
        return ()  # erased
    if match == NETWORK:
        return network_keys(probe.field, text, personal=personal, prefixes=prefixes)
    return domain_keys(text) if match == DOMAIN else (sha256_key(text),)


def keys_of_values(
    probe: Probe,
    match: str,
    values: Sequence[Canonical | None],
    *,
    revealed: Mapping[str, str],
    prefixes: Prefixes,
) -> list[tuple[int, bytes]]:
    """As `keys_matching` for the values of a field of many events, each key with the place of its value."""
    return [
        (place, key)
        for place, value in enumerate(values)
        if value is not None
        for key in keys_matching(probe, match, str(value), revealed=revealed, prefixes=prefixes)
    ]


def digests_of(fields: Mapping[str, Any], names: Collection[str]) -> set[str]:
    """The digests of the fields `names` that an event has."""
    return {str(fields[name]) for name in names if fields.get(name) is not None}
