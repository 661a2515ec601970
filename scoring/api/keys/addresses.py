"""The client address of a request, and whether it is within given networks."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def client_address(meta: Mapping[str, Any]) -> str:
    """The client's address in canonical form; "" if there is none.

    Behind a proxy (`ASSAY_BEHIND_PROXY`) it is the last one of `X-Forwarded-For`, which the proxy added; the
    client may have forged the earlier ones.
    """
    text = str(meta.get("REMOTE_ADDR", ""))
    if settings.SECURE_PROXY_SSL_HEADER:
        text = str(meta.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2] or text
    return clean_address(text)


def clean_address(text: str) -> str:
    """The address in canonical form, IPv4 if an IPv6 address maps one; "" for anything else.

    >>> clean_address(" ::FFFF:10.0.0.7 "), clean_address("a host")
    ('10.0.0.7', '')
    """
    try:
        address = ipaddress.ip_address(text.strip()[:64])
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)


def read_network(text: str) -> Network:
    """The network of a CIDR text or a single address. Raises ValueError.

    >>> read_network("10.1.2.3/8"), read_network("192.0.2.1")
    (IPv4Network('10.0.0.0/8'), IPv4Network('192.0.2.1/32'))
    """
    return ipaddress.ip_network(text.strip(), strict=False)


def is_within(address: str, networks: Sequence[Network]) -> bool:
    """Whether one of the networks contains the address; none contains ""."""
    return bool(address) and any(ipaddress.ip_address(address) in network for network in networks)


def neighborhood(address: str) -> str:
    """The addresses among which one client can choose: a single IPv4 address, the /64 of an IPv6 address.

    >>> neighborhood("192.0.2.1"), neighborhood("2001:db8::1:2")
    ('192.0.2.1', '2001:db8::/64')
    """
    return str(ipaddress.ip_network(f"{address}/64", strict=False)) if ":" in address else address
