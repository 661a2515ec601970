"""The columns of a label file and the meanings of their values: suggested here, chosen by the user."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scoring.catalog.event_type import EventType
from scoring.ingest.labels.table import LabelTable
from scoring.ingest.labels.times import TimeStyle
from scoring.ingest.values.dates import guess_order

# What a value can mean besides a label of the event type.
RETRACT = "retract"  # retracts the source's label
SKIP = "leave"  # gives no label
REJECT = "reject"  # an error: the line is rejected
AS_REASON = "as_reason"  # for a status: use the meaning of the reason column

# Bounds for a column whose values have meanings.
MAX_VALUES = 200
MAX_VALUE_LENGTH = 100

# Column names used by acquirers and this product, most specific first.
EVENT_ID = (
    *("event_id", "transaction_id", "transactionid", "trans_num", "txn_id", "tx_id", "merchant_tx_id"),
    *("merchant_transaction_id", "merchant_reference", "payment_reference", "order_id", "payment_id"),
    *("charge_id", "charge", "payment_intent_id", "payment_intent", "psp_reference", "reference", "id"),
)
KNOWN_AT = (
    *("known_at", "reported_at", "label_known_at", "dispute_date", "chargeback_date", "dispute_created_utc"),
    *("dispute_created", "record_date", "received_on", "received_date", "issued_date", "reported_date"),
    *("created_utc", "created_at", "created", "date"),
)
LABEL = ("label", "is_fraud", "fraud", "verdict")
REASON = (
    *("reason_code", "chargeback_reason_code", "cb_reason_code", "dispute_reason_code", "dispute_reason"),
    *("chargeback_reason", "reason", "category"),
)
POLICIES = ("policies", "policy", "violated_policies", "violations", "policy_names")
STATUS = ("dispute_status", "chargeback_status", "status", "record_type", "outcome", "state")

_YES, _NO = {"1", "1.0", "true", "yes", "y"}, {"0", "0.0", "false", "no", "n"}
# Reason codes for fraud of Visa, Mastercard, American Express and Discover.
_FRAUD_CODES = {
    *("10.1", "10.2", "10.3", "10.4", "10.5", "57", "62", "81", "83", "93"),
    *("4837", "4840", "4863", "4870", "4871", "37", "40", "63", "70", "71"),
    *("F10", "F14", "F24", "F29", "F30", "F31", "FR2", "FR4", "FR6"),
    *("UA01", "UA02", "UA05", "UA06", "UA10", "UA11", "7010", "7030"),
}
_OTHER_CODE = re.compile(r"1[123]\.\d(\.\d)?|48\d\d|[ACMPR]\d\d|[A-Z]{2}\d?", re.ASCII)
_OTHER_WORDS = re.compile(
    r"product|service|duplicate|credit|refund|subscription|cancel|received|process|authori[sz]|amount|currency"
    r"|described|defective|quality|general|consumer|customer"
)
_FRAUD_WORDS = re.compile(r"\b(fraud\w*|unauthori[sz]ed|counterfeit|(lost|stolen) card|card (lost|stolen))\b")
_NO_FRAUD = re.compile(r"\b(not?|non)\b.*fraud")
_UNDECIDED = re.compile(
    r"won|revers|withdraw|cancel|warning|needs.?response|under.?review|inquiry|retrieval|request|notification"
    r"|information|pending|open|evidence|expired|refund"
)


@dataclass(frozen=True, slots=True)
class LabelColumns:
    """The columns by name ("" for none) and the meanings of their values.

    Without a `meaning` column every line means `always`. The meaning of a `status` value takes precedence
    over that of `meaning`, unless it is AS_REASON. A cell of `policies` names those that the event breaks.
    """

    event_id: str
    event_type: str = ""
    known_at: str = ""
    policies: str = ""
    meaning: str = ""
    always: str = ""
    status: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    status_values: Mapping[str, str] = field(default_factory=dict)
    times: TimeStyle = field(default_factory=TimeStyle)

    @property
    def used(self) -> set[str]:
        every = (self.event_id, self.event_type, self.known_at, self.policies, self.meaning, self.status)
        return {*every} - {""}

    def unused(self, header: Sequence[str]) -> list[str]:
        """The unused columns."""
        return [name for name in header if name not in self.used]


def suggest_columns(table: LabelTable, kind: type[EventType]) -> LabelColumns:
    """The columns suggested by names and values; "" for none."""
    by_name = {normal_name(name): name for name in reversed(table.header)}
    meaning = _first(by_name, LABEL) or _first(by_name, REASON)
    status = _first(by_name, STATUS) if meaning and meaning != _first(by_name, LABEL) else ""
    known_at = _first(by_name, KNOWN_AT)
    order = guess_order(table.values(known_at)) if known_at else None
    return LabelColumns(
        event_id=_first(by_name, EVENT_ID),
        event_type=by_name.get("event_type", ""),
        known_at=known_at,
        policies=_first(by_name, POLICIES) if kind.policies else "",
        meaning=meaning,
        status=status,
        values=suggest_values(table.values(meaning), kind) if meaning else {},
        status_values=suggest_statuses(table.values(status)) if status else {},
        times=TimeStyle(order=order or ""),
    )


def id_candidates(header: Sequence[str]) -> list[str]:
    """The columns that may contain the event id, judged by name, most likely first."""
    by_name = {normal_name(name): name for name in reversed(header)}
    return [by_name[name] for name in EVENT_ID if name in by_name]


def suggest_values(values: Iterable[str], kind: type[EventType]) -> dict[str, str]:
    """The suggested meaning of each value; "" if the user must choose.

    In a column with labels of the event type, any other value is an error.
    """
    values = list(values)
    labels = {*kind.labels.values, RETRACT}
    if labels & {value.lower() for value in values}:
        own = {"": SKIP} | {label: label for label in labels}
        return {value: own.get(value.lower(), REJECT) for value in values}
    return {value: suggest_value(value, kind) for value in values}


def suggest_value(value: str, kind: type[EventType]) -> str:
    """The suggested meaning of a label, a reason or its code: a label of the type, RETRACT, SKIP, or "".

    >>> from scoring.catalog.registry import event_type
    >>> payment = event_type("payment")
    >>> [suggest_value(each, payment) for each in ("10.4", "13.1", "Fraudulent", "1", "", "Z9/x")]
    ['fraud', 'leave', 'fraud', 'fraud', 'leave', '']
    """
    positive, negative = kind.labels.values
    lowered = value.lower()
    if lowered in (positive, negative, RETRACT):
        return lowered
    if not value:
        return SKIP
    if lowered in _YES | _NO:
        return positive if lowered in _YES else negative
    if positive != "fraud":
        return ""
    words = lowered.replace("_", " ")
    if value.upper() in _FRAUD_CODES or (_FRAUD_WORDS.search(words) and not _NO_FRAUD.search(words)):
        return positive
    return SKIP if _OTHER_CODE.fullmatch(value) or _OTHER_WORDS.search(words) else ""


def suggest_statuses(values: Iterable[str]) -> dict[str, str]:
    """The suggested meaning of each dispute status: a won or undecided dispute gives no label."""
    return {
        value: SKIP if _UNDECIDED.search(value.lower().replace("_", " ")) else AS_REASON for value in values
    }


def normal_name(name: str) -> str:
    """A column's name in lower case, words joined by underscores.

    >>> normal_name("Dispute Created (UTC)"), normal_name("pspReference")
    ('dispute_created_utc', 'psp_reference')
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return "_".join(re.findall(r"[a-z0-9]+", spaced.lower()))


def _first(by_name: Mapping[str, str], names: Sequence[str]) -> str:
    return next((by_name[name] for name in names if name in by_name), "")
