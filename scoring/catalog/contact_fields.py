"""Fields for ways to reach a person: e-mail addresses and phone numbers, as entities."""

from typing import Any

from scoring.catalog.errors import FieldError
from scoring.catalog.fields import NO_REFERENCES, Canonical, Entity, References, clean_identifier
from scoring.catalog.signals import emails, phones
from scoring.catalog.signals.reference_files import disposable_domains
from scoring.declare import (
    EMAIL_SIGNALS,
    PHONE_SIGNALS,
    EmailVocabulary,
    Measured,
    PhoneVocabulary,
    Signal,
    part_of_vocabulary,
    reserve_names,
)

part_of_vocabulary(__name__)

DISPOSABLE = "disposable_domains"


class Email(EmailVocabulary, Entity):
    """An e-mail address as an entity, in small letters; personal by default.

    Its signals (`email.is_role_account()`) are measured at receipt. A text with an @ that is no address is
    kept as a value that is not valid, since a typing error must not cost the event. Without an @ it is
    refused: the sender has filled in something else. The domain is logged in clear, unless `keep_domain` is
    False.
    """

    max_length = emails.MAX_LENGTH

    def __init__(
        self,
        *,
        optional: bool = False,
        personal: bool = True,
        keep_domain: bool = True,
        kind: str = "",
        says: str = "",
        verbose_name: str = "",
        help: str = "",
    ) -> None:
        super().__init__(
            optional=optional,
            personal=personal,
            kind=kind,
            says=says,
            verbose_name=verbose_name,
            help=help,
        )
        self.keep_domain = keep_domain

    def parse(self, raw: object) -> str:
        text = clean_identifier(raw, self.max_length)
        if "@" not in text:
            raise FieldError("has no @, so it is not an e-mail address", "an address, e.g. 'ann@example.com'")
        return emails.canonical_email(text)

    @property
    def measured_signals(self) -> tuple[Signal, ...]:
        return tuple(each for each in EMAIL_SIGNALS.values() if self.keep_domain or each.name != "domain")

    def current_references(self) -> References:
        file = disposable_domains()
        loaded = file.current() if file else None
        return {DISPOSABLE: loaded} if loaded else NO_REFERENCES

    def measure_value(self, value: Canonical, references: References) -> Measured:
        return emails.email_signals(
            value, disposable=references.get(DISPOSABLE), keep_domain=self.keep_domain
        )

    def json_schema(self) -> dict[str, Any]:
        return {**super().json_schema(), "pattern": "@", "examples": ["ann@example.com"]}


class Phone(PhoneVocabulary, Entity):
    """A phone number as an entity, in E.164 ("+436601234567") where it can be read; personal by default.

    Its signals (`phone.country()`) are measured at receipt. A number that cannot exist is kept as a value
    that is not valid; text without a digit is refused. `region`: the country (ISO 3166-1 alpha-2) of numbers
    without a country code, which are not valid without it.
    """

    max_length = 64

    def __init__(
        self,
        *,
        optional: bool = False,
        personal: bool = True,
        region: str = "",
        kind: str = "",
        says: str = "",
        verbose_name: str = "",
        help: str = "",
    ) -> None:
        super().__init__(
            optional=optional,
            personal=personal,
            kind=kind,
            says=says,
            card_numbers=True,  # a long number with the right check digit may still be dialed
            verbose_name=verbose_name,
            help=help,
        )
        if region and region not in phones.REGIONS:
            raise self.origin.error(f"{region!r} is not a country code (ISO 3166-1 alpha-2), such as 'AT'")
        self.region = region

    def parse(self, raw: object) -> str:
        text = super().parse(raw)
        if not any(map(str.isdecimal, text)):
            raise FieldError("has no digit, so it is not a phone number", "a number, e.g. '+43 660 1234567'")
        return phones.canonical_phone(text, self.region)

    @property
    def measured_signals(self) -> tuple[Signal, ...]:
        return tuple(PHONE_SIGNALS.values())

    def measure_value(self, value: Canonical, references: References) -> Measured:
        return phones.phone_signals(value)


reserve_names({*dir(Email()), *dir(Phone())})
