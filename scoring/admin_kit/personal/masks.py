"""What pages show in the place of a personal value: enough to tell two apart, too little to use one."""

import ipaddress
import re
from collections.abc import Callable, Mapping

from scoring.catalog.client_fields import IpAddress
from scoring.catalog.contact_fields import Email, Phone
from scoring.catalog.fields import Field, Text
from scoring.catalog.registry import event_types
from scoring.catalog.text_fields import Links

GAP = "\N{HORIZONTAL ELLIPSIS}"
PHONE_DIGITS, CARD_DIGITS = 2, 4
_CARD = re.compile(r"(?:\d[ -]?){11,18}\d", re.ASCII)  # 12 to 19 digits
_MIN_HINTED = 4  # characters of a value of which the first may be shown


def mask(field: Field | None, value: str) -> str:
    """The mask of a value of a field, never the value itself. `field`: None if no event type has it any more.

    >>> mask(Email(), "jane.doe@example.com"), mask(Phone(), "+436601234567")
    ('j…@example.com', '…67')
    >>> mask(IpAddress(), "203.0.113.7"), mask(IpAddress(), "2001:db8:1:2::7"), mask(None, "C-12345")
    ('203.0.113.x', '2001:db8:1:x', 'C…')
    >>> mask(None, "4111 1111 1111 1111"), mask(Text(), "Call me")
    ('…1111', '7 characters')
    """
    if _CARD.fullmatch(value):
        return GAP + _digits(value)[-CARD_DIGITS:]
    if field is not None and is_name(field):
        return _initials(value)
    found = (_MASKS[kind] for kind in type(field).__mro__ if kind in _MASKS)
    return next(found, _first_character)(value)


def field_of_kind(kind: str) -> Field | None:
    """A field whose values identify a kind of entity, as the catalog declares it."""
    declared = (field for each in event_types().values() for field in each.fields.values())
    return next((field for field in declared if field.kind == kind), None)


def is_name(field: Field) -> bool:
    """Whether a field has names of people: "name", "cardholder_name", "last_name"."""
    return field.name == "name" or field.name.endswith("_name")


def _email(value: str) -> str:
    name, at, domain = value.rpartition("@")
    return f"{name[:1]}{GAP}@{domain}" if at and name else GAP


def _address(value: str) -> str:
    """The network that an address belongs to: /24 of IPv4, /48 of IPv6."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return GAP
    if address.version == 4:
        return f"{value.rpartition('.')[0]}.x"
    groups = address.exploded.split(":")[:3]
    return ":".join(f"{int(group, 16):x}" for group in groups) + ":x"


def _phone(value: str) -> str:
    digits = _digits(value)
    return GAP + digits[-PHONE_DIGITS:] if len(digits) > 2 * PHONE_DIGITS else GAP


def _text(value: str) -> str:
    return f"{len(value):,} character{'' if len(value) == 1 else 's'}"


def _links(value: str) -> str:
    count = len(value.splitlines())
    return f"{count} link{'' if count == 1 else 's'}"


def _initials(value: str) -> str:
    return " ".join(f"{word[0]}." for word in value.split())


def _first_character(value: str) -> str:
    return f"{value[0]}{GAP}" if len(value) >= _MIN_HINTED else GAP


def _digits(value: str) -> str:
    return "".join(each for each in value if each.isdecimal())


_MASKS: Mapping[type, Callable[[str], str]] = {
    Email: _email,
    IpAddress: _address,
    Phone: _phone,
    Text: _text,
    Links: _links,
}
