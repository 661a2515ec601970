"""Link signals, measured when an event is received: the log has the digest of the links alone."""

from collections.abc import Sequence

from scoring.declare import Measured
from scoring.texts.links import is_address, read_link


def link_signals(urls: Sequence[str]) -> Measured:
    """The signals of links (see docs/reference/signals.md).

    >>> link_signals(["http://192.0.2.7/a", "https://xn--bcher-kva.example/b"])
    {'number': 2, 'sites': 2, 'addresses': 1, 'foreign': 1, 'insecure': 1}
    """
    links = [link for link in map(read_link, urls) if link]
    return {
        "number": len(links),
        "sites": len({link.domain for link in links}),
        "addresses": sum(is_address(link.host) for link in links),
        "foreign": sum("xn--" in link.host for link in links),
        "insecure": sum(link.url.startswith("http://") for link in links),
    }
