"""Words for signals: `email.domain()`, `phone.country()`, `ip.is_in("data_centers")`, `agent.is_bot()`.

They read what was measured when the event was received.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, cast

from scoring.declare.canonical import call, quoted
from scoring.declare.expression import Expression
from scoring.declare.lowering import Program, Register
from scoring.declare.origin import Origin
from scoring.declare.protocols.fields import FieldTypes, NamedField
from scoring.declare.protocols.grammar import Grammar
from scoring.declare.signals import (
    ADDRESS_SIGNALS,
    EMAIL_SIGNALS,
    NETWORK_PREFIX,
    PHONE_SIGNALS,
    USER_AGENT_SIGNALS,
    Signal,
    network_signal,
    signal_column,
)


@dataclass(frozen=True)
class FieldSignal(Expression):
    """A signal of the event's own field; NaN without a value. A category is its code in the vocabulary."""

    kind = "signal"
    known: ClassVar[Mapping[str, Signal]]
    types: ClassVar[FieldTypes]  # the fields that have it

    field: NamedField
    signal: str

    @property
    def about(self) -> Signal:
        return self.known[self.signal]

    @property
    def name(self) -> str:
        return f"{self.field.name}_{self.signal}"

    @property
    def column(self) -> str:
        return signal_column(self.field.name, self.signal)

    @property
    def definition(self) -> str:
        return call(self.column)

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return self.about.unit

    @property
    def own_field(self) -> str:
        return self.column if self.has_codes else ""

    @property
    def has_codes(self) -> bool:
        return self.about.is_category

    def noun(self, grammar: Grammar) -> str:
        return self.about.described(grammar.field(self.field.name))

    def sentence(self, grammar: Grammar, value: float) -> str:
        noun, about = self.noun(grammar), self.about
        if math.isnan(value):
            return f"{noun} is not known"
        if about.is_flag:
            return f"the {grammar.field(self.field.name)} {about.noun if value else about.denial}"
        if about.is_category and not grammar.has_category(value):
            return f"{noun} was never seen in training"
        if about.counted:
            many = about.counted if value == 1 else f"{about.counted}s"
            return f"the {grammar.field(self.field.name)} has {grammar.number(value)} {many}"
        return f"{noun} is {grammar.value(value)}"

    def description(self, grammar: Grammar) -> str:
        return self.noun(grammar)

    def without_past(self, grammar: Grammar) -> str:
        text = f"missing without the {grammar.field(self.field.name)}"
        return f"{text}, or {self.about.missing}" if self.about.missing else text

    def lower(self, program: Program) -> Register:
        program.own_field(self.field, self.types, self.origin)
        return program.item_value(self.column)


@dataclass(frozen=True)
class EmailSignal(FieldSignal):
    """What is measured of an e-mail address."""

    known = EMAIL_SIGNALS
    types = ("Email",)


@dataclass(frozen=True)
class PhoneSignal(FieldSignal):
    """What is measured of a phone number."""

    known = PHONE_SIGNALS
    types = ("Phone",)


@dataclass(frozen=True)
class AddressSignal(FieldSignal):
    """What is measured of an IP address."""

    known = ADDRESS_SIGNALS
    types = ("IpAddress",)

    @property
    def about(self) -> Signal:
        return self.known.get(self.signal) or network_signal(self.signal.removeprefix(NETWORK_PREFIX))

    @property
    def definition(self) -> str:
        if self.signal in self.known:
            return call(self.column)
        return call(f"{self.field.name}.is_in", quoted(self.signal.removeprefix(NETWORK_PREFIX)))


@dataclass(frozen=True)
class UserAgentSignal(FieldSignal):
    """What is measured of a user agent."""

    known = USER_AGENT_SIGNALS
    types = ("UserAgent",)


class EmailVocabulary:
    """The words of an e-mail address, beside those of an entity."""

    def is_valid(self) -> EmailSignal:
        """Whether it has the form of an address."""
        return self._email_signal("is_valid")

    def domain(self) -> EmailSignal:
        """What follows the @, as a category."""
        return self._email_signal("domain")

    def is_disposable(self) -> EmailSignal:
        """Whether its domain, or a parent of it, is on the installation's list of disposable domains."""
        return self._email_signal("is_disposable")

    def is_role_account(self) -> EmailSignal:
        """Whether it belongs to a role, such as info@ or billing@, and not to a person."""
        return self._email_signal("is_role_account")

    def is_tagged(self) -> EmailSignal:
        """Whether it has a tag, as in name+tag@example.com: one person, many addresses."""
        return self._email_signal("is_tagged")

    def length(self) -> EmailSignal:
        """The number of characters before the @."""
        return self._email_signal("length")

    def digits(self) -> EmailSignal:
        """The share of digits among the characters before the @."""
        return self._email_signal("digits")

    def _email_signal(self, signal: str) -> EmailSignal:
        return EmailSignal(cast(NamedField, self), signal)


class PhoneVocabulary:
    """The words of a phone number, beside those of an entity."""

    def is_valid(self) -> PhoneSignal:
        """Whether such a number can exist."""
        return self._phone_signal("is_valid")

    def country(self) -> PhoneSignal:
        """The country or territory of a valid number (ISO 3166-1 alpha-2), as a category."""
        return self._phone_signal("country")

    def type(self) -> PhoneSignal:
        """The type of a valid number, as a category: "mobile", "fixed_line", "voip" and so on."""
        return self._phone_signal("type")

    def _phone_signal(self, signal: str) -> PhoneSignal:
        return PhoneSignal(cast(NamedField, self), signal)


class AddressVocabulary:
    """The words of an IP address, beside those of an entity."""

    networks: tuple[str, ...] = ()

    def is_private(self) -> AddressSignal:
        """Whether it is private, reserved or otherwise not reachable from the internet."""
        return self._address_signal("is_private")

    def is_ipv6(self) -> AddressSignal:
        return self._address_signal("is_ipv6")

    def is_in(self, network: str) -> AddressSignal:
        """Whether it lies in one of the network lists that the field names."""
        if network not in self.networks:
            allowed = ", ".join(self.networks) or "none: IpAddress(networks=(...)) names them"
            raise Origin.here().error(f"{network!r} is not one of the field's network lists: {allowed}")
        return self._address_signal(f"{NETWORK_PREFIX}{network}")

    def _address_signal(self, signal: str) -> AddressSignal:
        return AddressSignal(cast(NamedField, self), signal)


class UserAgentVocabulary:
    """The words of a user agent."""

    def family(self) -> UserAgentSignal:
        """The browser, app, library or bot, as a category: "Chrome Mobile", "curl"."""
        return self._user_agent_signal("family")

    def system(self) -> UserAgentSignal:
        """The operating system, as a category: "Windows", "iOS"."""
        return self._user_agent_signal("system")

    def is_bot(self) -> UserAgentSignal:
        """Whether it says that it is a crawler, a headless browser or a scripting tool."""
        return self._user_agent_signal("is_bot")

    def _user_agent_signal(self, signal: str) -> UserAgentSignal:
        return UserAgentSignal(cast(NamedField, self), signal)
