"""Links in a text and the domains that they lead to, also where they are written for people only.

`example[.]com` and `hxxp://example.com` are links. A host is what a browser would go to, in ASCII (`xn--`);
its domain is the part that was registered, by Mozilla's Public Suffix List, which comes with
`publicsuffixlist`.
"""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList

from scoring.texts.normalization import readable_text
from scoring.texts.surveys.survey import MAX_KEPT

MAX_LINKS = 20
MAX_URL = 2_000  # characters
_SCHEME = re.compile(r"\bh(?:xx|\*\*|tt)p(s?)\s?(?::|\[:\])\s?//\s?", re.IGNORECASE)
_DOT_SIGNS = "[({<\u3002\uff0e\uff61"
_DOT = re.compile(
    r"\s?[\[({<]\s?(?:\.|dot|d0t|punkt|punto|ponto|point)\s?[\])}>]\s?|[\u3002\uff0e\uff61]", re.IGNORECASE
)
_SPELLED_SUFFIXES = "com|net|org|info|biz|ru|cn|xyz|top|club|online|site|shop"
_SPELLED_DOT = re.compile(rf"(?: dot | ?\. ?)(?=(?:{_SPELLED_SUFFIXES})\b)", re.IGNORECASE)
_DOT_BEFORE_SUFFIX = re.compile(rf"\. ?(?:{_SPELLED_SUFFIXES})\b", re.IGNORECASE)  # quick to find by its dot
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_URL = re.compile(
    rf"(?P<scheme>https?://)(?:[^\s/@]{{1,100}}@)?(?P<host>\[[0-9a-f:.]+\]|[^\s/?#:@<>\"]+)(?P<rest>[^\s<>\"]*)"
    rf"|(?<![\w@.-])(?P<bare>(?:{_LABEL}\.)+(?P<suffix>[^\W\d_]{{2,24}}|xn--[a-z0-9-]+))(?![\w@-])"
    r"(?P<more>(?::\d{1,5})?(?:[/?#][^\s<>\"]*)?)",
    re.IGNORECASE,
)
_BEGINNING = re.compile(r"\.[^\W_]|://")  # in every link; quicker to find than that there is none
_TRAILING = ".,;:!?)]}'\"*_~>"
# Suffixes of files as well as of domains: without anything behind them they are names of files.
_FILE_SUFFIXES = """
bat bz cab cfg dll doc exe gz ini java js json jpg log md mov mp3 mp4 pdf pl png ps py rar rs sh so sql tar ts
txt xml yml zip
"""
_FILES = frozenset(_FILE_SUFFIXES.split())


@dataclass(frozen=True, slots=True)
class Link:
    """A link as a browser would take it. `hidden`: it was written so that machines miss it."""

    url: str
    host: str
    hidden: bool = False

    @property
    def domain(self) -> str:
        return registered_domain(self.host)


@lru_cache(maxsize=MAX_KEPT)
def find_links(text: str) -> tuple[Link, ...]:
    """The different links of a text in order of appearance, MAX_LINKS at most.

    >>> [(link.url, link.hidden) for link in find_links("see example[.]com/a or https://www.example.org.")]
    [('http://example.com/a', True), ('https://www.example.org', False)]
    """
    readable = readable_text(text)
    revealed = _revealed(readable)
    if "." not in revealed and "://" not in revealed:
        return ()
    links = list(_links_in(revealed))
    written = {_goes_to(link) for link in (links if revealed == text else _links_in(text))}
    found: dict[str, Link] = {}
    for link in links:
        found.setdefault(link.url, replace(link, hidden=_goes_to(link) not in written))
        if len(found) == MAX_LINKS:
            break
    return tuple(found.values())


def _goes_to(link: Link) -> tuple[str, str]:
    return link.url.partition(":")[0], link.host


def read_link(text: str) -> Link | None:
    """A link as somebody gives it, with or without its scheme; None if it is none."""
    return next(_links_in(_revealed(text.strip())), None)


@lru_cache(maxsize=4_096)
def registered_domain(host: str) -> str:
    """The part of a host that was registered; the host itself if it is an address or has no such part.

    >>> registered_domain("shop.example.co.uk"), registered_domain("192.0.2.7")
    ('example.co.uk', '192.0.2.7')
    """
    return host if is_address(host) else _suffixes().privatesuffix(host) or host


def ascii_host(host: str) -> str:
    """A host as it is looked up: small letters, in ASCII, without a dot at its end.

    >>> ascii_host("Bücher.example."), ascii_host("\\u0430pple.com")
    ('xn--bcher-kva.example', 'xn--pple-43d.com')
    """
    lowered = host.lower().rstrip(".")
    if lowered.isascii():
        return lowered
    try:
        return lowered.encode("idna").decode()
    except UnicodeError:
        return lowered


def is_address(host: str) -> bool:
    """Whether a host is an IP address."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def is_suffix(name: str) -> bool:
    """Whether domains are registered under this name."""
    return _suffixes().publicsuffix(ascii_host(name)) is not None


def load_suffixes() -> None:
    """Read the list of suffixes now."""
    _suffixes()


def _revealed(text: str) -> str:
    """The text with its links written out."""
    if "//" in text:
        text = _SCHEME.sub(r"http\1://", text)
    if any(sign in text for sign in _DOT_SIGNS):
        text = _DOT.sub(".", text)
    if " dot " in text.lower() or _DOT_BEFORE_SUFFIX.search(text):
        text = _SPELLED_DOT.sub(".", text)
    return text


def _links_in(text: str) -> Iterator[Link]:
    if not _BEGINNING.search(text):
        return
    for match in _URL.finditer(text):
        link = _with_scheme(match) if match["scheme"] else _without_scheme(match)
        if link:
            yield link


def _with_scheme(match: re.Match[str]) -> Link | None:
    host = ascii_host(match["host"].rstrip(_TRAILING) if not match["rest"] else match["host"])
    if not ("." in host or host.startswith("[")) or len(host) > 253:
        return None
    return Link(_url(match["scheme"].lower(), host, match["rest"]), host.strip("[]"))


def _without_scheme(match: re.Match[str]) -> Link | None:
    """A name such as example.com, unless it is rather a file, an abbreviation or the end of a sentence."""
    host, suffix = ascii_host(match["bare"]), match["suffix"]
    is_certain = bool(match["more"].strip(_TRAILING)) or host.startswith("www.")
    if not is_certain and (suffix.lower() in _FILES or suffix.istitle()):
        return None
    if len(host) > 253 or not is_suffix(suffix):
        return None
    return Link(_url("http://", host, match["more"]), host)


def _url(scheme: str, host: str, rest: str) -> str:
    return f"{scheme}{host}{rest.rstrip(_TRAILING)}"[:MAX_URL]


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)
