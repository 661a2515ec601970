"""E-mail addresses: their canonical form, and what is measured of one at receipt. No mail server is asked."""

import re

from scoring.catalog.signals.reference_files import Loaded
from scoring.declare import Measured

MAX_LENGTH = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets
MAX_LOCAL = 64
_ATOM = r"[^\s\"(),:;<>@\[\\\].]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{4,253}}$)(?:{_LABEL}\.)+(?!\d+$){_LABEL}")

# Names of mailboxes that stand for a role: RFC 2142, and those that shops and services use most.
_ROLES = """
abuse accounting accounts admin administrator all billing booking bookings careers compliance contact
customerservice dev enquiries feedback finance ftp hello help helpdesk hostmaster hr info inquiries invoice
invoices it jobs legal list mail mailer-daemon marketing media news newsletter no-reply noc noreply office
operations orders payments postmaster press privacy purchasing root sales security service services shop
staff subscribe support sysadmin team test usenet uucp webmaster welcome www
"""
ROLES = frozenset(_ROLES.split())


def canonical_email(text: str) -> str:
    """The address in small letters, its domain in ASCII if it has one; otherwise as given.

    Dots and tags of the local part are kept: what they mean differs between providers.
    """
    local, at, domain = text.rpartition("@")
    return f"{local.lower()}{at}{_ascii_domain(domain)}"


def email_signals(email: str, *, disposable: Loaded[frozenset[str]] | None, keep_domain: bool) -> Measured:
    """The signals of a canonical address (see docs/reference/signals.md), without those that it lacks.

    >>> email_signals("ann@", disposable=None, keep_domain=True)
    {'is_valid': False, 'length': 3, 'digits': 0.0}
    """
    local, _, domain = email.rpartition("@")
    is_valid = len(local) <= MAX_LOCAL and bool(_LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain))
    signals: Measured = {"is_valid": is_valid}
    if is_valid:
        if keep_domain:
            signals["domain"] = domain
        if disposable:
            signals["is_disposable"] = _is_listed(domain, disposable.values)
        name, tag, _ = local.partition("+")
        signals["is_role_account"] = name in ROLES
        signals["is_tagged"] = bool(tag)
    signals["length"] = len(local)
    if local:
        signals["digits"] = sum(map(str.isdecimal, local)) / len(local)
    return signals


def _is_listed(domain: str, listed: frozenset[str]) -> bool:
    """Whether the domain or a parent of it is listed."""
    while "." in domain:
        if domain in listed:
            return True
        domain = domain.partition(".")[2]
    return False


def _ascii_domain(domain: str) -> str:
    lowered = domain.lower()
    if lowered.isascii():
        return lowered
    try:
        return lowered.encode("idna").decode()
    except UnicodeError:
        return lowered
