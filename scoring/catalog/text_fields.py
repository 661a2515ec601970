"""Fields for what a text is written in and leads to: given by the sender, or else taken from the text."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from scoring.catalog.errors import FieldError
from scoring.catalog.fields import Canonical, Category, ComputedEntity, Field, References, Text
from scoring.catalog.signals.links import link_signals
from scoring.declare import (
    LINK_SIGNALS,
    LinkVocabulary,
    Measured,
    Signal,
    part_of_vocabulary,
)
from scoring.texts.languages import detect_language, plain_language
from scoring.texts.links import MAX_LINKS, MAX_URL, find_links, read_link

part_of_vocabulary(__name__)

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")
_BETWEEN = re.compile(r"\s+")
ALLOWED_LINKS = f"a list of up to {MAX_LINKS} links, such as 'https://example.com/page'"


class Language(Category):
    """The language of a text, as an ISO 639-1 code without its region: given, or else detected.

    It is missing where neither is the case: a text of a few letters has no language that could be told.
    """

    def __init__(self, *, of: Text, verbose_name: str = "", help: str = "") -> None:
        super().__init__(optional=True, verbose_name=verbose_name, help=help)
        self.source = self._of = of

    def parse(self, raw: object) -> str:
        text = super().parse(raw)
        if not _LANGUAGE.fullmatch(text):
            raise FieldError("is not a language code", "an ISO 639-1 code, e.g. 'en' or 'pt-BR'")
        return plain_language(text)

    def compute(self, values: Mapping[str, Canonical]) -> str | None:
        return detect_language(values[self._of.name]) or None if self._of.name in values else None

    def json_schema(self) -> dict[str, Any]:
        return {**super().json_schema(), "examples": ["en", "pt-BR"]}


class Links(LinkVocabulary, Field):
    """Up to 20 links: given, or else those found in a text; personal by default.

    The canonical value is one text with a link a line. Domains of links are not personal: they are logged in
    clear. Its signals (`links.hidden()`) are measured at receipt.
    """

    takes_lists = True

    def __init__(
        self,
        *,
        of: Text | None = None,
        optional: bool = True,
        personal: bool = True,
        verbose_name: str = "",
        help: str = "",
    ) -> None:
        super().__init__(optional=optional, personal=personal, verbose_name=verbose_name, help=help)
        self.source = of

    def parse(self, raw: object) -> str:
        if not isinstance(raw, list):
            raise FieldError("must be a list", ALLOWED_LINKS)
        if len(raw) > MAX_LINKS:
            raise FieldError(f"has {len(raw)} items", f"at most {MAX_LINKS}")
        if not raw:
            raise FieldError("is empty", "at least one link; leave the field out if there are none")
        return "\n".join(dict.fromkeys(_url(given, place) for place, given in enumerate(raw)))

    def compute(self, values: Mapping[str, Canonical]) -> str | None:
        if self.source is None or self.source.name not in values:
            return None
        return "\n".join(link.url for link in find_links(values[self.source.name])) or None

    def as_sent(self, value: Canonical) -> list[str]:
        return links_of(value)

    def domains(self, count: int) -> tuple[ComputedEntity, ...]:
        """The registered domains of the links, the first ones that differ, as entities of one kind."""
        return tuple(Domain(self, number) for number in range(1, count + 1))

    @property
    def measured_signals(self) -> tuple[Signal, ...]:
        return tuple(LINK_SIGNALS.values())

    def measure_value(self, value: Canonical, references: References) -> Measured:
        return link_signals(links_of(value))

    def _read(self, cell: object) -> object:
        return _BETWEEN.split(cell.strip()) if isinstance(cell, str) else cell or None

    def json_schema(self) -> dict[str, Any]:
        return {
            **super().json_schema(),
            "type": "array",
            "items": {"type": "string", "minLength": 1, "maxLength": MAX_URL},
            "minItems": 1,
            "maxItems": MAX_LINKS,
        }


class Domain(ComputedEntity):
    """A registered domain that links lead to. Lists accept a link or a host for it."""

    def __init__(self, of: Links, number: int) -> None:
        super().__init__(
            of,
            partial(_domain_in, number=number),
            kind="domain",
            says="with this domain",
            help="A registered domain that the links lead to",
        )

    def parse(self, raw: object) -> str:
        link = read_link(super().parse(raw))
        if link is None:
            raise FieldError("is not a domain", "a domain or a link, e.g. 'example.com'")
        return link.domain


def links_of(value: Canonical) -> list[str]:
    """The links in a canonical value."""
    return str(value).split("\n")


def _url(raw: object, place: int) -> str:
    if not isinstance(raw, str) or len(raw) > MAX_URL:
        raise FieldError(f"item [{place}] is no link of up to {MAX_URL} characters", ALLOWED_LINKS)
    link = read_link(raw)
    if link is None or any(map(str.isspace, raw.strip())):
        raise FieldError(f"item [{place}] is no link", ALLOWED_LINKS)
    return link.url


def _domain_in(value: Canonical, *, number: int) -> str | None:
    links = filter(None, map(read_link, links_of(value)))
    domains = list(dict.fromkeys(link.domain for link in links))
    return domains[number - 1] if number <= len(domains) else None
