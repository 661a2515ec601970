"""What an event type's payload is made of; each field parses raw values strictly to a canonical form.

Entities, amounts, numbers and categories are also what features are declared on, so they carry the
vocabulary of `scoring.features.declare`: `card.amount.mean(over="30d")` inside a class body.
"""

import ipaddress
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from scoring.catalog.currency import EXPONENTS, convert_minor, minor_units
from scoring.errors import FieldError
from scoring.features.declare import (
    Choosable,
    Comparable,
    EntityVocabulary,
    FieldValue,
    Operand,
    Origin,
    TextVocabulary,
)

Canonical = Any  # str, int, float, bool or, for money, a dict: what canonical JSON can hold


class Field:
    """One field of a payload. `personal` values are kept out of the log: it holds their digest instead."""

    def __init__(self, *, optional: bool = False, personal: bool = False, help: str = "") -> None:
        self.name = ""
        self.optional = optional
        self.personal = personal
        self.help = help
        self.origin = Origin.here()

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self.name or name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @property
    def kind(self) -> str:
        """What its values identify."""
        return self.name

    def parse(self, raw: object) -> Canonical:
        """The canonical value of a raw one. Raises FieldError(problem, allowed)."""
        raise NotImplementedError

    def read_text(self, text: str) -> object:
        """What a cell of a CSV file stands for, ready for `parse`."""
        return text

    def json_schema(self) -> dict[str, Any]:
        """JSON Schema (2020-12) of the raw value."""
        return {"description": self.help} if self.help else {}


def clean_identifier(raw: object, max_length: int) -> str:
    """Trimmed, NFC-normalised, printable text of 1 to `max_length` characters. Raises FieldError."""
    if not isinstance(raw, str):
        raise FieldError("must be a string", "string")
    text = raw.strip()
    if not text:
        raise FieldError("must not be empty", f"1 to {max_length} characters")
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if len(text) > max_length:
        raise FieldError(f"is longer than {max_length} characters", f"1 to {max_length} characters")
    # Not so: control characters, line breaks, lone surrogates; \x1f joins the keys of a pair.
    if not text.isprintable():
        raise FieldError("has characters that cannot be printed", "printable characters")
    return text


def _clean_ip(raw: object, max_length: int) -> str:
    try:
        return str(ipaddress.ip_address(clean_identifier(raw, max_length)))
    except ValueError as error:
        raise FieldError("is not an IP address", "IPv4 or IPv6 address") from error


_ENTITY_FORMATS: Mapping[str, Callable[[object, int], str]] = {"id": clean_identifier, "ip": _clean_ip}


class Entity(EntityVocabulary, Field):
    """Something events have in common (a card, a device): its id. Features are kept per entity.

    `kind` names what the id identifies where that is not the field's own name, so that two fields (of two
    event types of a lane) share one state: `sender = Entity(kind="account")`. `says` is how reasons speak of
    an entity's events, where that is not "with this {name}".
    """

    max_length = 128

    def __init__(
        self,
        *,
        optional: bool = False,
        personal: bool = False,
        format: str = "id",
        kind: str = "",
        says: str = "",
        help: str = "",
    ) -> None:
        super().__init__(optional=optional, personal=personal, help=help)
        self.format = format
        self.says = says
        self._clean = _ENTITY_FORMATS[format]
        self._kind = kind

    @property
    def kind(self) -> str:
        return self._kind or self.name

    def parse(self, raw: object) -> str:
        return self._clean(raw, self.max_length)

    def json_schema(self) -> dict[str, Any]:
        schema = {**super().json_schema(), "type": "string", "minLength": 1, "maxLength": self.max_length}
        return {**schema, "format": "ip"} if self.format == "ip" else schema


class IpAddress(Entity):
    """An IP address as an entity; personal unless said otherwise."""

    def __init__(
        self, *, optional: bool = False, personal: bool = True, kind: str = "", says: str = "", help: str = ""
    ) -> None:
        super().__init__(optional=optional, personal=personal, format="ip", kind=kind, says=says, help=help)


class Money(Comparable, Operand, Field):
    """An amount: decimal text in the payload, integer minor units inside, converted to the base at receipt.

    The payload's top-level `currency` says which currency; without one it is the event type's base currency.
    """

    def expression(self) -> FieldValue:
        return FieldValue(self)

    def parse(
        self,
        raw: object,
        currency: str = "USD",
        base: str = "USD",
        rates: Mapping[str, Decimal] | None = None,
    ) -> dict[str, Any]:
        """{"minor", "currency"}; with another currency also "rate", "base_minor". Raises FieldError."""
        minor = minor_units(raw, currency)
        if currency == base:
            return {"minor": minor, "currency": currency}
        rate = (rates or {}).get(currency)
        if rate is None:
            raise FieldError(f"no exchange rate from {currency} to {base}", sorted([base, *(rates or {})]))
        return {
            "minor": minor,
            "currency": currency,
            "rate": format(rate.normalize(), "f"),
            "base_minor": convert_minor(minor, currency=currency, base=base, rate=rate),
        }

    def json_schema(self) -> dict[str, Any]:
        return {**super().json_schema(), "type": ["string", "number"], "examples": ["12.34"]}


def parse_currency(raw: object) -> str:
    """An ISO 4217 code. Raises FieldError."""
    if not isinstance(raw, str) or raw not in EXPONENTS:
        raise FieldError("is not a currency of ISO 4217", "three capital letters, e.g. 'USD'")
    return raw


# Stricter than float(), which takes "1_000", " 5 " and "infinity".
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


class Number(Comparable, Operand, Field):
    """A finite number within optional bounds. 5 and 5.0 are the same value."""

    def __init__(
        self,
        *,
        optional: bool = False,
        personal: bool = False,
        minimum: float | None = None,
        maximum: float | None = None,
        unit: str = "",
        help: str = "",
    ) -> None:
        super().__init__(optional=optional, personal=personal, help=help)
        self.minimum = minimum
        self.maximum = maximum
        self.unit = unit

    def expression(self) -> FieldValue:
        return FieldValue(self)

    def parse(self, raw: object) -> int | float:
        if isinstance(raw, bool) or not isinstance(raw, (int, float)):
            raise FieldError("must be a number", "number")
        if not math.isfinite(raw):
            raise FieldError("must be finite", "number")
        if abs(raw) > 2**53:
            raise FieldError("is too large", f"at most {2**53}")
        if self.minimum is not None and raw < self.minimum:
            raise FieldError(f"is less than {self.minimum:g}", f">= {self.minimum:g}")
        if self.maximum is not None and raw > self.maximum:
            raise FieldError(f"is more than {self.maximum:g}", f"<= {self.maximum:g}")
        return int(raw) if isinstance(raw, float) and raw.is_integer() else raw

    def read_text(self, text: str) -> object:
        return float(text) if _NUMBER.fullmatch(text) else text

    def json_schema(self) -> dict[str, Any]:
        bounds = {"minimum": self.minimum, "maximum": self.maximum}
        return {
            **super().json_schema(),
            "type": "number",
            **{word: bound for word, bound in bounds.items() if bound is not None},
        }


class Flag(Choosable, Operand, Field):
    """True or false; 1 or 0 as a feature."""

    is_flag = True

    def expression(self) -> FieldValue:
        return FieldValue(self)

    def parse(self, raw: object) -> bool:
        if not isinstance(raw, bool):
            raise FieldError("must be true or false", [True, False])
        return raw

    def read_text(self, text: str) -> object:
        return {"true": True, "1": True, "false": False, "0": False}.get(text.strip().lower(), text)

    def json_schema(self) -> dict[str, Any]:
        return {**super().json_schema(), "type": "boolean"}


class Category(Choosable, Operand, Field):
    """One of a set of names: a closed one with `values`, else the names a model has seen and frozen."""

    max_length = 64

    def __init__(
        self,
        *,
        optional: bool = False,
        personal: bool = False,
        values: tuple[str, ...] = (),
        says: str = "",
        help: str = "",
    ) -> None:
        super().__init__(optional=optional, personal=personal, help=help)
        self.values = tuple(values)
        self.says = says

    def expression(self) -> FieldValue:
        return FieldValue(self)

    def parse(self, raw: object) -> str:
        text = clean_identifier(raw, self.max_length)
        if self.values and text not in self.values:
            raise FieldError("is not one of the allowed values", list(self.values))
        return text

    def json_schema(self) -> dict[str, Any]:
        schema = {**super().json_schema(), "type": "string", "minLength": 1, "maxLength": self.max_length}
        return {**schema, "enum": list(self.values)} if self.values else schema


class Text(TextVocabulary, Field):
    """Free text, line breaks included; personal unless said otherwise.

    What it tells of itself (`comment.links()`) is taken at receipt, for a later feature too.
    """

    def __init__(
        self, *, optional: bool = False, personal: bool = True, max_length: int = 10_000, help: str = ""
    ) -> None:
        super().__init__(optional=optional, personal=personal, help=help)
        self.max_length = max_length

    def parse(self, raw: object) -> str:
        if not isinstance(raw, str):
            raise FieldError("must be a string", "string")
        if len(raw) > self.max_length:
            raise FieldError(
                f"is longer than {self.max_length} characters", f"at most {self.max_length} characters"
            )
        if "\x00" in raw or any("\ud800" <= character <= "\udfff" for character in raw):
            raise FieldError("has characters that are not text", "Unicode text")
        return raw if raw.isascii() else unicodedata.normalize("NFC", raw)

    def json_schema(self) -> dict[str, Any]:
        return {**super().json_schema(), "type": "string", "maxLength": self.max_length}
