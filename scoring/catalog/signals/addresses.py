"""What is measured of an IP address at receipt."""

from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address

from scoring.catalog.signals.networks import NetworkSet
from scoring.catalog.signals.reference_files import Loaded
from scoring.declare import Measured, network_signal


def address_signals(text: str, networks: Mapping[str, Loaded[NetworkSet] | None]) -> Measured:
    """The signals of a canonical address (see docs/reference/signals.md).

    `networks`: the installation's network lists by name. An IPv4 address in IPv6 notation counts as IPv4.

    >>> address_signals("10.1.2.3", {})
    {'is_private': True, 'is_ipv6': False}
    """
    address = ip_address(text)
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    signals: Measured = {"is_private": not address.is_global, "is_ipv6": address.version == 6}
    for name, loaded in networks.items():
        if loaded:
            signals[network_signal(name).name] = address in loaded.values
    return signals
