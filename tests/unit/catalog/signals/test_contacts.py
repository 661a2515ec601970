"""What an e-mail address and a phone number become, and what is measured of them."""

import doctest

import pytest

from scoring.catalog.contact_fields import Email, Phone
from scoring.catalog.errors import FieldError
from scoring.catalog.signals import emails, phones
from scoring.catalog.signals.emails import email_signals
from scoring.catalog.signals.phones import phone_signals
from scoring.catalog.signals.reference_files import Loaded
from scoring.declare import EMAIL_SIGNALS, PHONE_SIGNALS
from scoring.declare.errors import CatalogError

DISPOSABLE = Loaded(frozenset({"mailinator.com"}), "0" * 8, 1)

ADDRESSES = [
    # as sent, as kept, whether it is valid
    (" Ann@Example.COM ", "ann@example.com", True),
    ("x@Bücher.de", "x@xn--bcher-kva.de", True),
    ("o'brien+shop@mail.example.co.uk", "o'brien+shop@mail.example.co.uk", True),
    ("jürgen@example.com", "jürgen@example.com", True),
    ("ann@localhost", "ann@localhost", False),
    ("ann@10.0.0.1", "ann@10.0.0.1", False),
    ("ann@example..com", "ann@example..com", False),
    ("a..b@example.com", "a..b@example.com", False),
    ("two words@example.com", "two words@example.com", False),
    ("a@b@example.com", "a@b@example.com", False),
    ("ann@-example.com", "ann@-example.com", False),
    ("@", "@", False),
    (f"{'a' * 65}@example.com", f"{'a' * 65}@example.com", False),
]


@pytest.mark.parametrize(("sent", "kept", "is_valid"), ADDRESSES)
def test_an_address_is_kept_in_small_letters_whether_valid_or_not(
    sent: str, kept: str, is_valid: bool
) -> None:
    assert Email().parse(sent) == kept
    assert email_signals(kept, disposable=None, keep_domain=True)["is_valid"] is is_valid


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ("Ann Example", "has no @, so it is not an e-mail address"),
        (7, "must be a string"),
        ("", "must not be empty"),
        (f"{'a' * 250}@example.com", "is longer than 254 characters"),
        ("4111111111111111@example.com", "contains a card number, which must not be stored"),
    ],
)
def test_what_is_no_address_at_all_is_refused(sent: object, problem: str) -> None:
    with pytest.raises(FieldError) as error:
        Email().parse(sent)
    assert error.value.problem == problem


MEASURED = [
    # signal, address, value; None: left out
    ("domain", "ann@example.com", "example.com"),
    ("domain", "ann@localhost", None),
    ("is_disposable", "ann@mailinator.com", True),
    ("is_disposable", "ann@eu.mailinator.com", True),
    ("is_disposable", "ann@notmailinator.com", False),
    ("is_disposable", "ann@mailinator", None),
    ("is_role_account", "billing@example.com", True),
    ("is_role_account", "billing+eu@example.com", True),
    ("is_role_account", "bill@example.com", False),
    ("is_tagged", "ann+1@example.com", True),
    ("is_tagged", "ann@example.com", False),
    ("length", "ann.b@example.com", 5),
    ("length", "@example.com", 0),
    ("digits", "ann99@example.com", 2 / 5),
    ("digits", "@example.com", None),
]


@pytest.mark.parametrize(("signal", "address", "value"), MEASURED)
def test_a_signal_of_an_address(signal: str, address: str, value: object) -> None:
    assert email_signals(address, disposable=DISPOSABLE, keep_domain=True).get(signal) == value


def test_without_a_list_it_is_not_known_whether_an_address_is_disposable() -> None:
    assert "is_disposable" not in email_signals("a@mailinator.com", disposable=None, keep_domain=True)


def test_a_domain_can_be_kept_out_of_the_log() -> None:
    field = Email(keep_domain=False)
    assert "domain" not in field.measure_value("ann@example.com", {})
    assert "domain" not in {signal.name for signal in field.measured_signals}


NUMBERS = [
    # as sent, as kept, signals
    ("+43 660 1234567", "+436601234567", {"is_valid": True, "country": "AT", "type": "mobile"}),
    (
        "+1 (650) 253-0000",
        "+16502530000",
        {"is_valid": True, "country": "US", "type": "fixed_line_or_mobile"},
    ),
    ("+800 1234 5678", "+80012345678", {"is_valid": True, "type": "toll_free"}),
    ("+999 12", "+99912", {"is_valid": False}),
    ("0660 / 123-4567", "06601234567", {"is_valid": False}),
    ("12", "12", {"is_valid": False}),
]


@pytest.mark.parametrize(("sent", "kept", "signals"), NUMBERS)
def test_a_number_is_kept_in_one_form_whether_valid_or_not(
    sent: str, kept: str, signals: dict[str, object]
) -> None:
    assert Phone().parse(sent) == kept
    assert phone_signals(kept) == signals


def test_a_region_reads_numbers_without_a_country_code() -> None:
    assert Phone(region="AT").parse("0660 1234567") == "+436601234567"
    with pytest.raises(CatalogError, match="'Austria' is not a country code"):
        Phone(region="Austria")


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ("unknown", "has no digit, so it is not a phone number"),
        (436601234567, "must be a string"),
        ("1" * 65, "is longer than 64 characters"),
    ],
)
def test_what_is_no_number_at_all_is_refused(sent: object, problem: str) -> None:
    with pytest.raises(FieldError) as error:
        Phone().parse(sent)
    assert error.value.problem == problem


def test_every_declarable_signal_is_measured() -> None:
    measured = email_signals("a@mailinator.com", disposable=DISPOSABLE, keep_domain=True)
    assert set(measured) == set(EMAIL_SIGNALS) == {signal for signal, _, _ in MEASURED} | {"is_valid"}
    assert set(phone_signals("+436601234567")) == set(PHONE_SIGNALS)


def test_every_type_of_number_has_a_name_that_models_know() -> None:
    assert {*phones.TYPES.values(), "other"} == set(PHONE_SIGNALS["type"].values)


@pytest.mark.parametrize("module", [emails, phones])
def test_the_examples_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
