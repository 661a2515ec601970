"""Sets of networks, and whether an address lies in one: a binary search, whatever their number."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, collapse_addresses

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class NetworkSet:
    """Disjoint ranges by IP version: first and last addresses as ascending integers."""

    firsts: dict[int, list[int]]
    lasts: dict[int, list[int]]

    @classmethod
    def of(cls, networks: Iterable[IPv4Network | IPv6Network]) -> "NetworkSet":
        given = list(networks)
        fours = list(collapse_addresses(each for each in given if isinstance(each, IPv4Network)))
        sixes = list(collapse_addresses(each for each in given if isinstance(each, IPv6Network)))
        return cls(
            {4: [int(each[0]) for each in fours], 6: [int(each[0]) for each in sixes]},
            {4: [int(each[-1]) for each in fours], 6: [int(each[-1]) for each in sixes]},
        )

    def __contains__(self, address: Address) -> bool:
        number, version = int(address), address.version
        at = bisect_right(self.firsts[version], number) - 1
        return at >= 0 and number <= self.lasts[version][at]
