"""Links in texts, also those that are written for people only, and the domains that they lead to."""

import doctest

import pytest

from scoring.texts import links
from scoring.texts.links import MAX_LINKS, find_links, read_link, registered_domain

OPEN = [
    # text, what it leads to
    ("see https://shop.example.com/a?b=1, now", "https://shop.example.com/a?b=1"),
    ("(www.example.org)", "http://www.example.org"),
    ("buy at example.shop/deals!", "http://example.shop/deals"),
    ("EXAMPLE.COM is great", "http://example.com"),
    ("Bücher.de hat alles", "http://xn--bcher-kva.de"),
    ("log in at \u0430pple.com", "http://xn--pple-43d.com"),
    ("http://192.0.2.7/x", "http://192.0.2.7/x"),
    ("http://[2001:db8::1]/x", "http://[2001:db8::1]/x"),
    ("https://name:secret@example.com/", "https://example.com/"),
    ("пример.рф", "http://xn--e1afmkfd.xn--p1ai"),
]
HIDDEN = [
    ("example[.]com/a", "http://example.com/a"),
    ("example (dot) com", "http://example.com"),
    ("example dot com", "http://example.com"),
    ("example . com", "http://example.com"),
    ("hxxps://example.com", "https://example.com"),
    ("example\u3002com", "http://example.com"),
    ("\uff57\uff57\uff57\uff0e\uff45\uff58\uff41\uff4d\uff50\uff4c\uff45.com", "http://www.example.com"),
    ("exam\u200bple.com", "http://example.com"),
]
NONE = [
    "no link here",
    "me@example.com and first.last@example.org",
    "readme.md, setup.py and archive.zip",
    "the end.In the U.S.A. e.g. that, i.e. this at 3.5 or 1.2.3.4",
    "Wow.Such news.Very good",
    "http://localhost/ http:// https://a",
    "version 2.0.1, file.unknownsuffix",
]


@pytest.mark.parametrize(("text", "url"), OPEN)
def test_links_are_found(text: str, url: str) -> None:
    assert [(link.url, link.hidden) for link in find_links(text)] == [(url, False)]


@pytest.mark.parametrize(("text", "url"), HIDDEN)
def test_hidden_links_are_found_and_said_to_be_hidden(text: str, url: str) -> None:
    assert [(link.url, link.hidden) for link in find_links(text)] == [(url, True)]


@pytest.mark.parametrize("text", NONE)
def test_what_only_looks_like_a_link_is_none(text: str) -> None:
    assert find_links(text) == ()


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("a.b.example.co.uk", "example.co.uk"),
        ("someone.github.io", "someone.github.io"),  # each is registered by another person
        ("example.com", "example.com"),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("co.uk", "co.uk"),
        ("xn--bcher-kva.example.de", "example.de"),
    ],
)
def test_the_domain_is_the_registered_part(host: str, domain: str) -> None:
    assert registered_domain(host) == domain


def test_links_are_given_once_in_order_up_to_a_limit() -> None:
    assert [link.host for link in find_links("b.example.com a.example.com b.example.com")] == [
        "b.example.com",
        "a.example.com",
    ]
    assert len(find_links(" ".join(f"s{number}.example.com" for number in range(50)))) == MAX_LINKS


def test_a_given_link_is_read_with_or_without_its_scheme() -> None:
    given = [read_link(text) for text in ("https://Example.com/A", " example.com ", "example[.]com")]
    assert [link and link.url for link in given] == [
        "https://example.com/A",
        "http://example.com",
        "http://example.com",
    ]
    assert read_link("no link") is None


@pytest.mark.parametrize("text", ["a." * 25_000, "http://" * 7_000, "[.]" * 16_000, "a dot com " * 5_000])
def test_hostile_texts_are_read_in_linear_time(text: str) -> None:
    """Quadratic steps would take minutes here."""
    assert len(find_links(text)) <= MAX_LINKS


def test_the_examples_hold() -> None:
    assert doctest.testmod(links).failed == 0
