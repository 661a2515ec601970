"""Fields of an event type's payload. Each parses raw values strictly into a canonical form.

Features are declared on entities, amounts, numbers and categories, so these have the words of
`scoring.declare`: `card.amount.mean(over="30d")` inside a class body.
"""

import ipaddress
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from scoring.catalog.currency import EXPONENTS, convert_minor, minor_units
from scoring.catalog.errors import FieldError
from scoring.catalog.parsing import cells
from scoring.catalog.parsing.card_numbers import MIN_LENGTH, has_card_number, mask_card_numbers
from scoring.catalog.parsing.characters import NAME_PATTERN, clean_name, clean_text
from scoring.catalog.signals.reference_files import Loaded
from scoring.catalog.signals.texts import text_signals
from scoring.declare import (
    TEXT_SIGNALS,
    Choosable,
    Comparable,
    EntityVocabulary,
    FieldValue,
    Measured,
    Operand,
    Origin,
    Signal,
    TextVocabulary,
    part_of_vocabulary,
)
from scoring.texts.contacts import contact_in
from scoring.texts.fingerprints import MAX_BANDS, text_band, text_fingerprint

part_of_vocabulary(__name__)

Canonical = Any  # a JSON value: str, int, float, bool or, for money, a dict
References = Mapping[str, Loaded[Any]]  # lists that the installation supplies, by name
NO_REFERENCES: References = {}


class Field:
    """One field of a payload. `personal` values stay out of the log, which has their digest instead.

    `verbose_name` is how pages name it, by default its name in words: "merchant_lat" is "Merchant lat".
    A `computed` field is not in the payload: Assay derives it from the others (`compute`). One with a
    `source` may be, and is derived from that field where it is not. One that `takes_lists` is sent as a list.
    """

    computed = False
    takes_lists = False
    source: "Field | None" = None

    def __init__(
        self, *, optional: bool = False, personal: bool = False, verbose_name: str = "", help: str = ""
    ) -> None:
        self.name = ""
        self.optional = optional
        self.personal = personal
        self.verbose_name = verbose_name
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

    @property
    def value_unit(self) -> str:
        """What its values are counted in: "money", "flag", "category", "number", or a unit of its own."""
        return "number"

    def parse(self, raw: object) -> Canonical:
        """The canonical value of a raw one. Raises FieldError(problem, allowed)."""
        raise NotImplementedError

    def compute(self, values: Mapping[str, Canonical]) -> Canonical | None:
        """The value that follows from the canonical values of other fields; None if none does.

        It is asked of computed fields, and of those with a `source` that were not sent.
        """
        return None

    def read_cell(self, raw: object) -> object:
        """The value of a table cell, ready for `parse`; None if it is missing.

        `raw` is any plain Python value; the result does not depend on how the table was stored. Never raises:
        `parse` refuses invalid values.
        """
        cell = cells.plain_cell(raw)
        return None if cell is None else self._read(cell)

    def _read(self, cell: object) -> object:
        return cells.read_text(cell)

    @property
    def measured_signals(self) -> tuple[Signal, ...]:
        """What is measured of its values at receipt."""
        return ()

    def current_references(self) -> References:
        """The installation's lists that `measure_value` needs now."""
        return NO_REFERENCES

    def measure_value(self, value: Canonical, references: References) -> Measured:
        """The signals of a canonical value, by name, without those that it does not have."""
        return {}

    def as_sent(self, value: Canonical) -> Any:
        """A canonical value as a payload has it."""
        return value

    def json_schema(self) -> dict[str, Any]:
        """JSON Schema (2020-12) of the raw value."""
        description = self.help or self.verbose_name
        return {"description": description} if description else {}


def clean_identifier(raw: object, max_length: int, *, card_numbers: bool = False) -> str:
    """An id or name of 1 to `max_length` characters in stored form (see `clean_name`). Raises FieldError.

    Card numbers are refused unless `card_numbers`: ids enter the append-only log.
    """
    if not isinstance(raw, str):
        raise FieldError("must be a string", "string")
    text = raw.strip()
    if not (0 < len(text) <= max_length and text.isascii() and text.isprintable()):  # the fast path
        text = clean_name(text, max_length)
    if len(text) >= MIN_LENGTH and not card_numbers and has_card_number(text):
        raise FieldError("contains a card number, which must not be stored", "a token or another reference")
    return text


def _clean_ip(raw: object, max_length: int, *, card_numbers: bool = False) -> str:
    try:
        return str(ipaddress.ip_address(clean_identifier(raw, max_length)))
    except ValueError as error:
        raise FieldError("is not an IP address", "IPv4 or IPv6 address") from error


_ENTITY_FORMATS: Mapping[str, Callable[..., str]] = {"id": clean_identifier, "ip": _clean_ip}


class Entity(EntityVocabulary, Field):
    """The id of something that events share (a card, a device). Features are computed per entity.

    `kind` names what the id identifies if that is not the field's own name, so that several fields (of one or
    several event types of a lane) share one state: `sender = Entity(kind="account")`. `says` is how reasons
    name an entity's events, "with this {name}" by default. Values that look like card numbers are refused
    unless `card_numbers`.
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
        card_numbers: bool = False,
        verbose_name: str = "",
        help: str = "",
    ) -> None:
        super().__init__(optional=optional, personal=personal, verbose_name=verbose_name, help=help)
        self.format = format
        self.card_numbers = card_numbers
        self.says = says
        self._clean = _ENTITY_FORMATS[format]
        self._kind = kind

    @property
    def kind(self) -> str:
        return self._kind or self.name

    def parse(self, raw: object) -> str:
        return self._clean(raw, self.max_length, card_numbers=self.card_numbers)

    def json_schema(self) -> dict[str, Any]:
        schema = {**super().json_schema(), "type": "string"}
        if self.format == "ip":
            return {**schema, "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}
        return {**schema, "minLength": 1, "maxLength": self.max_length, "pattern": NAME_PATTERN}


class ComputedEntity(Entity):
    """An entity that follows from another field; no client sends it. `compute` gives its id, None for none.

    It is in the log with the event's fields: a new version of the code changes no past event.
    """

    computed = True

    def __init__(
        self,
        of: Field,
        compute: Callable[[Canonical], str | None],
        *,
        kind: str = "",
        personal: bool = False,
        says: str = "",
        help: str = "",
    ) -> None:
        super().__init__(optional=True, personal=personal, kind=kind, says=says, card_numbers=True, help=help)
        self.source, self.of, self._compute = of, of, compute

    def compute(self, values: Mapping[str, Canonical]) -> str | None:
        return self._compute(values[self.of.name]) if self.of.name in values else None


class Money(Comparable, Operand, Field):
    """An amount: decimal text in the payload, integer minor units inside, converted to the base at receipt.

    The payload's top-level `currency` gives the currency, by default the event type's base currency.
    """

    @property
    def value_unit(self) -> str:
        return "money"

    def expression(self) -> FieldValue:
        return FieldValue(self)

    def _read(self, cell: object) -> object:
        return cells.read_decimal(cell)

    def parse(
        self,
        raw: object,
        currency: str = "USD",
        base: str = "USD",
        rates: Mapping[str, Decimal] | None = None,
        rounding: str | None = None,
    ) -> dict[str, Any]:
        """{"minor", "currency"}; with another currency also "rate", "base_minor". Raises FieldError.

        `rounding` as for `minor_units`.
        """
        minor = minor_units(raw, currency, rounding=rounding)
        if currency == base:
            return {"minor": minor, "currency": currency}
        rate = (rates or {}).get(currency)
        if rate is None:
            raise FieldError(
                f"no exchange rate from {currency} to {base}; enter one in the admin, under Exchange rates",
                sorted([base, *(rates or {})]),
            )
        return {
            "minor": minor,
            "currency": currency,
            "rate": format(rate.normalize(), "f"),
            "base_minor": convert_minor(minor, currency=currency, base=base, rate=rate),
        }

    def json_schema(self) -> dict[str, Any]:
        return {
            **super().json_schema(),
            "type": ["string", "number"],
            "pattern": r"^\s*\+?(\d+(\.\d*)?|\.\d+)\s*$",
            "minimum": 0,
            "examples": ["12.34"],
        }


def parse_currency(raw: object) -> str:
    """An ISO 4217 code in capital letters; "usd" and " USD " are accepted too. Raises FieldError."""
    if isinstance(raw, str):
        if raw in EXPONENTS:
            return raw
        code = raw.strip().upper() if raw.isascii() else ""
        if code in EXPONENTS:
            return code
    raise FieldError("is not an ISO 4217 currency", "a code of three letters, e.g. 'USD'")


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
        verbose_name: str = "",
        help: str = "",
    ) -> None:
        super().__init__(optional=optional, personal=personal, verbose_name=verbose_name, help=help)
        self.minimum = minimum
        self.maximum = maximum
        self.unit = unit

    @property
    def value_unit(self) -> str:
        return self.unit or "number"

    def expression(self) -> FieldValue:
        return FieldValue(self)

    def parse(self, raw: object) -> int | float:
        if isinstance(raw, bool) or not isinstance(raw, (int, float)):
            raise FieldError("must be a number", "number")
        if not math.isfinite(raw):
            raise FieldError("must be finite", "number")
        if abs(raw) > cells.MAX_EXACT:
            raise FieldError("is too large", f"at most {cells.MAX_EXACT}")
        if self.minimum is not None and raw < self.minimum:
            raise FieldError(f"is less than {self.minimum:g}", f">= {self.minimum:g}")
        if self.maximum is not None and raw > self.maximum:
            raise FieldError(f"is more than {self.maximum:g}", f"<= {self.maximum:g}")
        return int(raw) if isinstance(raw, float) and raw.is_integer() else raw

    def _read(self, cell: object) -> object:
        return cells.read_number(cell)

    def json_schema(self) -> dict[str, Any]:
        minimum = -cells.MAX_EXACT if self.minimum is None else self.minimum
        maximum = cells.MAX_EXACT if self.maximum is None else self.maximum
        return {**super().json_schema(), "type": "number", "minimum": minimum, "maximum": maximum}


class Flag(Choosable, Operand, Field):
    """True or false; 1 or 0 as a feature."""

    is_flag = True

    @property
    def value_unit(self) -> str:
        return "flag"

    def expression(self) -> FieldValue:
        return FieldValue(self)

    def parse(self, raw: object) -> bool:
        if not isinstance(raw, bool):
            raise FieldError("must be true or false", [True, False])
        return raw

    def _read(self, cell: object) -> object:
        return cells.read_flag(cell)

    def json_schema(self) -> dict[str, Any]:
        return {**super().json_schema(), "type": "boolean"}


class Category(Choosable, Operand, Field):
    """One of a set of names: those in `values`, or without them, the vocabulary that a model froze."""

    max_length = 64

    def __init__(
        self,
        *,
        optional: bool = False,
        personal: bool = False,
        values: tuple[str, ...] = (),
        says: str = "",
        card_numbers: bool = False,
        verbose_name: str = "",
        help: str = "",
    ) -> None:
        super().__init__(optional=optional, personal=personal, verbose_name=verbose_name, help=help)
        self.values = tuple(values)
        self.card_numbers = card_numbers
        self.says = says

    @property
    def value_unit(self) -> str:
        return "category"

    def expression(self) -> FieldValue:
        return FieldValue(self)

    def parse(self, raw: object) -> str:
        text = clean_identifier(raw, self.max_length, card_numbers=self.card_numbers)
        if self.values and text not in self.values:
            raise FieldError("is not one of the allowed values", list(self.values))
        return text

    def _read(self, cell: object) -> object:
        is_value = isinstance(cell, str) and cell.strip() in self.values
        return cell if is_value else cells.read_text(cell)

    def json_schema(self) -> dict[str, Any]:
        schema = {**super().json_schema(), "type": "string"}
        if self.values:
            return {**schema, "enum": list(self.values)}
        return {**schema, "minLength": 1, "maxLength": self.max_length, "pattern": NAME_PATTERN}


class Text(TextVocabulary, Field):
    """Free text, line breaks included; personal by default.

    Its signals (`comment.links()`) are measured at receipt, for later features too. Only the last four digits
    of a card number in it are kept, unless `card_numbers`.
    """

    def __init__(
        self,
        *,
        optional: bool = False,
        personal: bool = True,
        max_length: int = 10_000,
        card_numbers: bool = False,
        verbose_name: str = "",
        help: str = "",
    ) -> None:
        super().__init__(optional=optional, personal=personal, verbose_name=verbose_name, help=help)
        self.max_length = max_length
        self.card_numbers = card_numbers

    def parse(self, raw: object) -> str:
        if not isinstance(raw, str):
            raise FieldError("must be a string", "string")
        if len(raw) > self.max_length:
            raise FieldError(
                f"is longer than {self.max_length} characters", f"at most {self.max_length} characters"
            )
        text = clean_text(raw)
        return text if self.card_numbers else mask_card_numbers(text)

    def copy(self) -> ComputedEntity:
        """All copies of the text, however disguised, as an entity; none for texts of a few letters."""
        says, about = "with this text", "Shared by all copies of the text"
        return ComputedEntity(self, text_fingerprint, kind="text_copy", says=says, help=about)

    def bands(self, count: int) -> tuple[ComputedEntity, ...]:
        """Entities of one kind of which near-duplicates share some: four catch most, more catch more."""
        if not 1 <= count <= MAX_BANDS:
            raise Origin.here().error(f"a text has 1 to {MAX_BANDS} bands, not {count}")
        says, about = "with nearly this text", "Shared by near-duplicates of the text"
        computes = [partial(text_band, number=number) for number in range(1, count + 1)]
        return tuple(ComputedEntity(self, each, kind="text_band", says=says, help=about) for each in computes)

    def each_contact(self, count: int) -> tuple[ComputedEntity, ...]:
        """The first ways to reach somebody that the text names, as entities of one kind; personal."""
        says, about = "with this contact", "A mail address, number, handle or wallet in the text"
        computes = [partial(contact_in, number=number) for number in range(1, count + 1)]
        return tuple(
            ComputedEntity(self, each, kind="contact", personal=True, says=says, help=about)
            for each in computes
        )

    @property
    def measured_signals(self) -> tuple[Signal, ...]:
        return tuple(TEXT_SIGNALS.values())

    def measure_value(self, value: Canonical, references: References) -> Measured:
        return text_signals(value)

    def json_schema(self) -> dict[str, Any]:
        return {**super().json_schema(), "type": "string", "maxLength": self.max_length}
