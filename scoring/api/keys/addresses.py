"""Networks of client addresses."""

import ipaddress
from collections.abc import Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


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
