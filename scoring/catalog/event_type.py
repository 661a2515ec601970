"""Event types: their declaration and the strict parsing of their payloads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple

from scoring.catalog.client_fields import TimeZoneName
from scoring.catalog.currency import EXPONENTS
from scoring.catalog.errors import FieldError, InvalidEvent
from scoring.catalog.external_signals import ExternalSignal
from scoring.catalog.fields import (
    Canonical,
    Category,
    Entity,
    Field,
    Money,
    Text,
    clean_identifier,
    parse_currency,
)
from scoring.catalog.media.attachments import Attachments
from scoring.catalog.media.facts import MediaFacts
from scoring.catalog.outcomes import BASIC_OUTCOMES, outcomes_problem
from scoring.catalog.parsing import moments
from scoring.catalog.parsing.characters import NAME_PATTERN
from scoring.catalog.parsing.moments import parse_moment
from scoring.catalog.policies import Policy, VerdictWords, names_of, policies_problem, verdicts_problem
from scoring.catalog.time_zones import UTC_NAME, time_zone_names
from scoring.catalog.unknown_fields import unknown_field_problems
from scoring.declare import (
    FeatureView,
    Measured,
    Origin,
    Signal,
    part_of_vocabulary,
    signal_column,
    similarity_signal,
)
from scoring.declare.errors import CatalogError
from scoring.timestamps import to_iso

part_of_vocabulary(__name__)

FUTURE_TOLERANCE = timedelta(minutes=5)
MAX_ID_LENGTH = 200
# Names with a meaning in the payload of every event type.
PAYLOAD_WORDS = ("type", "id", "occurred_at", "currency", "source")


def days(count: float) -> timedelta:
    return timedelta(days=count)


@dataclass(frozen=True, slots=True)
class Labels:
    """The two labels that an event can get."""

    positive: str
    negative: str

    @property
    def values(self) -> tuple[str, str]:
        return (self.positive, self.negative)


class Signals(NamedTuple):
    """What was measured of an event's values, by column ("comment.links").

    `references`: the version of each list of the installation that was used for it, by name.
    `external`: how each external signal was answered, by its name (see `scoring.intake.external.origins`).
    `media`: what was known of the attached media; `held`: the outcome that the event gets at least, until all
    of them are processed, "" for none.
    """

    values: Measured
    references: dict[str, str]
    external: dict[str, dict[str, Any]] = {}
    media: tuple[MediaFacts, ...] = ()
    held: str = ""


@dataclass(frozen=True, slots=True)
class ParsedFields:
    """A payload in canonical form. Values of the fields in `personal` are not in the vault yet.

    `detected`: the fields that were not sent and were taken from another one instead.
    """

    event_type: str
    external_id: str
    occurred_at: datetime
    fields: dict[str, Canonical]
    personal: tuple[str, ...]
    signals: Signals
    detected: tuple[str, ...] = ()


class EventType:
    """Base of every event type. Subclass it in a module `event_types` of any installed app."""

    name: ClassVar[str] = ""
    lane: ClassVar[str] = ""
    owner: ClassVar[str] = ""  # who is responsible for its features, unless they name their own owner
    scored: ClassVar[bool] = True
    base_currency: ClassVar[str] = "USD"
    # Whose clocks tell the hour and day of its events: an IANA name, such as "America/New_York".
    time_zone: ClassVar[str] = UTC_NAME
    # The field, a TimeZoneName, that holds the zone of each event; `time_zone` for those without.
    time_zone_field: ClassVar[str] = ""
    matures_after: ClassVar[timedelta] = days(45)
    labels: ClassVar[Labels] = Labels(positive="fraud", negative="legitimate")
    # What a decision can be, by severity. Others may stand between allow and block, such as a challenge.
    outcomes: ClassVar[tuple[str, ...]] = BASIC_OUTCOMES
    outcome_titles: ClassVar[Mapping[str, str]] = {}  # how people call an outcome, where not by its name
    # How sentences call an event, if not by the type's name; a category field may name each event: "comment".
    noun: ClassVar[str] = ""
    noun_field: ClassVar[str] = ""
    # What an event may break: labels of such a type name policies, models have a head for each, and verdicts
    # name an action.
    policies: ClassVar[tuple[Policy, ...]] = ()
    verdicts: ClassVar[Mapping[str, VerdictWords]] = {}  # by label; where not given, neutral words are used
    # Event types that record strikes, appeals and reports; "" for none. See docs/reference/review-queue.md.
    strikes: ClassVar[str] = ""
    appeals: ClassVar[str] = ""
    reports: ClassVar[str] = ""
    # Entities of which several events within hours make one case (docs/reference/review-queue.md).
    case_entities: ClassVar[tuple[str, ...]] = ()
    # The entity that holds a conversation together, so that pages show what was said before and after; "".
    conversation: ClassVar[str] = ""
    failure_outcome: ClassVar[str] = "review"
    no_model_outcome: ClassVar[str] = "review"
    # The outcome that an event gets at least until its media are processed, unless its sender's key says
    # otherwise; "": what is known decides.
    media_pending_outcome: ClassVar[str] = ""
    # Assumed cost of a wrong decision on an event without an amount, in minor units of the base currency.
    nominal_stake: ClassVar[int] = 5_000
    # The fields and features by whose values a new model's metrics are sliced, and its fairness judged.
    sliced_by: ClassVar[tuple[str, ...]] = ()
    # Features that nobody who reviews an event can act on, such as an age. Pages show other reasons first, if
    # they are near. The hour and the day are context anyway.
    context_features: ClassVar[tuple[str, ...]] = ()
    # Features that new models are trained on; and, by any name, the sets that live models still use.
    features: ClassVar[Sequence[object]] = ()
    earlier_features: ClassVar[Mapping[str, Sequence[object]]] = {}
    # By name of an earlier set its time zone, where that was another one than the type's present one; it
    # holds for all events, also those with a zone of their own.
    earlier_time_zones: ClassVar[Mapping[str, str]] = {}
    rule_features: ClassVar[Sequence[object]] = ()  # features that rules may read, and no model is trained on

    fields: ClassVar[dict[str, Field]] = {}
    batch_views: ClassVar[dict[str, FeatureView]] = {}
    external_signals: ClassVar[dict[str, ExternalSignal]] = {}
    origin: ClassVar[Origin]
    signals: ClassVar[dict[str, Signal]] = {}  # what is measured of values, by column
    computed_fields: ClassVar[dict[str, Field]] = {}  # not in payloads
    media_fields: ClassVar[dict[str, Attachments]] = {}
    _known: ClassVar[frozenset[str]] = frozenset()
    _measured: ClassVar[tuple[tuple[str, Field], ...]] = ()
    _plain: ClassVar[tuple[tuple[str, Field], ...]] = ()
    _money: ClassVar[tuple[tuple[str, Money], ...]] = ()
    _derived: ClassVar[tuple[tuple[str, Field], ...]] = ()

    def __init_subclass__(cls) -> None:
        inherited = {
            name: member
            for base in cls.__mro__[:0:-1]
            for name, member in getattr(base, "fields", {}).items()
        }
        own = {name: member for name, member in vars(cls).items() if isinstance(member, Field)}
        views = {name: view for name, view in vars(cls).items() if isinstance(view, FeatureView)}
        external = {name: each for name, each in vars(cls).items() if isinstance(each, ExternalSignal)}
        _refuse_reserved_names({**own, **views, **external})
        cls.origin = Origin.here()
        cls.fields = {**inherited, **own}
        cls.batch_views = views
        cls.external_signals = {**cls.external_signals, **external}
        _check_declaration(cls)
        _check_words(cls)
        _check_time_zones(cls)
        _check_external(cls)
        _check_sources(cls)
        cls._money = tuple((name, f) for name, f in cls.fields.items() if isinstance(f, Money))
        cls.computed_fields = {name: f for name, f in cls.fields.items() if f.computed}
        cls._plain = tuple(
            (name, f) for name, f in cls.fields.items() if not (isinstance(f, Money) or f.computed)
        )
        cls._derived = tuple((name, f) for name, f in cls.fields.items() if f.computed or f.source)
        cls.media_fields = {name: f for name, f in cls.fields.items() if isinstance(f, Attachments)}
        cls._measured = tuple((name, f) for name, f in cls.fields.items() if f.measured_signals)
        cls.signals = {name: external.signal for name, external in cls.external_signals.items()}
        for name, field in cls._measured:
            cls.signals |= {signal_column(name, each.name): each for each in field.measured_signals}
        cls.signals |= _similarities(cls)
        cls._known = frozenset(cls.payload_names())

    @classmethod
    def compared_texts(cls) -> tuple[str, ...]:
        """The texts that are compared with known ones: those of scored types."""
        return tuple(name for name, f in cls.fields.items() if isinstance(f, Text) and cls.scored)

    @classmethod
    def payload_names(cls) -> tuple[str, ...]:
        """Every name that a payload may have."""
        head = ("type", "id", "occurred_at", *(("currency",) if cls._money else ()))
        return (*head, *(name for name in cls.fields if name not in cls.computed_fields))

    @classmethod
    def parse(
        cls,
        payload: Mapping[str, Any],
        *,
        now: datetime,
        rates: Mapping[str, Decimal] | None = None,
    ) -> ParsedFields:
        """The payload in canonical form. `rates`: base units for one unit of each currency.

        Raises InvalidEvent with every problem found, not only the first.
        """
        problems: list[tuple[str, str, object]] = []
        _refuse_unknown(cls, payload, problems)
        external_id = _parse_with(problems, "id", parse_id, payload.get("id"))
        occurred_at = _parse_with(problems, "occurred_at", parse_occurred_at, payload.get("occurred_at"), now)
        values = _parse_values(cls, payload, rates, problems)
        if problems:
            raise InvalidEvent(cls.name, problems)
        found = cls.computed_of(values)
        values |= found
        return ParsedFields(
            event_type=cls.name,
            external_id=external_id,
            occurred_at=occurred_at,
            fields=values,
            personal=tuple(name for name in values if cls.fields[name].personal),
            signals=cls.signals_of(values),
            detected=cls.detected_in(found),
        )

    @classmethod
    def computed_of(cls, values: Mapping[str, Canonical]) -> dict[str, Canonical]:
        """The fields that follow from canonical values: computed ones, and others that were not sent.

        In the order of declaration: one may follow from another.
        """
        known = dict(values)
        for name, field in cls._derived:
            if name not in known and (value := field.compute(known)) is not None:
                known[name] = value
        return {name: value for name, value in known.items() if name not in values}

    @classmethod
    def detected_in(cls, found: Mapping[str, Canonical]) -> tuple[str, ...]:
        """Those of the fields that `computed_of` gave which the sender could have sent."""
        return tuple(name for name in found if name not in cls.computed_fields)

    @classmethod
    def signals_of(cls, values: Mapping[str, Canonical]) -> Signals:
        """The signals of canonical values."""
        signals: Measured = {}
        versions: dict[str, str] = {}
        for name, field in cls._measured:
            if name in values:
                references = field.current_references()
                for signal, value in field.measure_value(values[name], references).items():
                    signals[signal_column(name, signal)] = value
                versions.update({key: loaded.version for key, loaded in references.items()})
        return Signals(signals, versions)

    @classmethod
    def outcome_title(cls, outcome: str) -> str:
        """How people call an outcome: "remove" for the outcome `block` of a post."""
        return cls.outcome_titles.get(outcome, outcome).replace("_", " ")

    @classmethod
    def noun_of(cls, fields: Mapping[str, Any]) -> str:
        """How people call an event with these fields: "comment"."""
        return str(fields.get(cls.noun_field) or cls.noun or cls.name).replace("_", " ")

    @classmethod
    def stake(cls, fields: Mapping[str, Canonical]) -> int | None:
        """The amount at stake: the first declared amount, in minor units of the base currency.

        `fields` are canonical. None if the type declares no amount, or the event lacks it.
        """
        amount = cls.sent_amount(fields)
        return None if amount is None else int(amount.get("base_minor", amount["minor"]))

    @classmethod
    def sent_amount(cls, fields: Mapping[str, Canonical]) -> Mapping[str, Any] | None:
        """The first declared amount as it was sent: "minor" units of its "currency". None as for `stake`."""
        return fields.get(cls._money[0][0]) if cls._money else None

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """JSON Schema (2020-12) of a payload."""
        properties: dict[str, Any] = {
            "type": {"const": cls.name},
            "id": {"type": "string", "minLength": 1, "maxLength": MAX_ID_LENGTH, "pattern": NAME_PATTERN},
            "occurred_at": {"type": "string", "format": "date-time"},
        }
        if cls._money:
            currency = {"type": "string", "default": cls.base_currency, "enum": sorted(EXPONENTS)}
            properties["currency"] = _or_null(currency)
        for name, field in cls.fields.items():
            if field.computed:
                continue
            schema = field.json_schema()
            properties[name] = _or_null(schema) if field.optional else schema
        required = ["id", "occurred_at", *(name for name, field in cls.fields.items() if not field.optional)]
        return {
            "title": cls.name,
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }


def _similarities(cls: type[EventType]) -> dict[str, Signal]:
    """By column, how near each text is to known ones: of all policies together, and of each."""
    signals = [similarity_signal(policy) for policy in ("", *names_of(cls.policies))]
    return {signal_column(name, each.name): each for name in cls.compared_texts() for each in signals}


def categories_of(kind: type[EventType]) -> dict[str, tuple[str, ...]]:
    """The category fields and signals of an event type, with the names that each can have; () if open."""
    fields = {name: field.values for name, field in kind.fields.items() if isinstance(field, Category)}
    return fields | {column: signal.values for column, signal in kind.signals.items() if signal.is_category}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a value that may also be null, which means absent."""
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    values = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, "type": [*types, "null"], **values}


# Fields of these names would hide attributes of the event type itself.
RESERVED_NAMES = frozenset(dir(EventType)) | EventType.__annotations__.keys()


def _refuse_reserved_names(members: Mapping[str, Field | FeatureView | ExternalSignal]) -> None:
    """Raises CatalogError if a field, batch view or external signal has a name that already has a meaning."""
    for name, member in members.items():
        if name in PAYLOAD_WORDS:
            raise member.origin.error(f"{name!r} is reserved in payloads; give the field another name")
        if name in RESERVED_NAMES:
            problem = f"{name!r} is reserved in event types; give the field another name"
            raise member.origin.error(problem)


def _check_declaration(cls: type[EventType]) -> None:
    """Raises CatalogError for mistakes that show without the rest of the catalog."""
    module, line = cls.origin.module, cls.origin.line
    if problem := outcomes_problem(cls.outcomes):
        raise CatalogError(f"{cls.__name__}.outcomes {problem}", module=module, line=line)
    if problem := policies_problem(cls.policies):
        raise CatalogError(f"{cls.__name__}.policies {problem}", module=module, line=line)
    if problem := verdicts_problem(
        cls.verdicts, cls.labels.values, outcomes=cls.outcomes, policed=bool(cls.policies)
    ):
        raise CatalogError(f"{cls.__name__}.verdicts {problem}", module=module, line=line)
    if cls.conversation and not isinstance(cls.fields.get(cls.conversation), Entity):
        problem = f"{cls.__name__}.conversation is {cls.conversation!r}, which is not an entity of it"
        raise CatalogError(problem, module=module, line=line)
    for attribute in ("failure_outcome", "no_model_outcome"):
        if getattr(cls, attribute) not in cls.outcomes:
            outcome = getattr(cls, attribute)
            raise CatalogError(
                f"{cls.__name__}.{attribute} is {outcome!r}, not one of {', '.join(cls.outcomes)}",
                module=module,
                line=line,
            )
    if cls.media_pending_outcome not in ("", *cls.outcomes):
        raise CatalogError(
            f"{cls.__name__}.media_pending_outcome is {cls.media_pending_outcome!r}, neither empty nor one of"
            f" {', '.join(cls.outcomes)}",
            module=module,
            line=line,
        )
    if cls.base_currency not in EXPONENTS:
        raise CatalogError(
            f"{cls.__name__}.base_currency {cls.base_currency!r} is not an ISO 4217 currency",
            module=module,
            line=line,
        )
    if cls.name and not cls.lane:
        raise CatalogError(f"{cls.__name__} names no lane", module=module, line=line)
    if not all(part.isidentifier() for part in (cls.name or "x", cls.lane or "x")):
        raise CatalogError(
            f"{cls.__name__}: name and lane must be identifiers, not {cls.name!r} and {cls.lane!r}",
            module=module,
            line=line,
        )
    if not isinstance(cls.earlier_features, Mapping):
        raise CatalogError(
            f'{cls.__name__}.earlier_features maps names to lists of features: {{"2026-10": [...]}}',
            module=module,
            line=line,
        )
    if cls.name and cls.scored and not any(isinstance(member, Entity) for member in cls.fields.values()):
        raise CatalogError(
            f"{cls.__name__} has no entity: declare one, by which its events are divided between models"
            " and grouped when models are compared",
            module=module,
            line=line,
        )


def _check_words(cls: type[EventType]) -> None:
    """Raises CatalogError for words of what the event type does not have."""
    module, line = cls.origin.module, cls.origin.line
    if cls.noun_field and not isinstance(cls.fields.get(cls.noun_field), Category):
        problem = f"{cls.__name__}.noun_field is {cls.noun_field!r}, which is not a category of it"
        raise CatalogError(problem, module=module, line=line)
    for name in cls.case_entities:
        if not isinstance(cls.fields.get(name), Entity):
            problem = f"{cls.__name__}.case_entities names {name!r}, which is not an entity of it"
            raise CatalogError(problem, module=module, line=line)
    if strange := [name for name in cls.outcome_titles if name not in cls.outcomes]:
        problem = f"{cls.__name__}.outcome_titles names {strange[0]!r}, which is not an outcome of it"
        raise CatalogError(problem, module=module, line=line)


def _check_time_zones(cls: type[EventType]) -> None:
    """Raises CatalogError for an unknown time zone, and for one of a set that is not declared."""
    module, line = cls.origin.module, cls.origin.line
    named = {"time_zone": cls.time_zone}
    named |= {f"earlier_time_zones[{name!r}]": zone for name, zone in cls.earlier_time_zones.items()}
    for where, zone in named.items():
        if zone != UTC_NAME and zone not in time_zone_names():
            problem = f"{cls.__name__}.{where} {zone!r} is not an IANA time zone, such as America/New_York"
            raise CatalogError(problem, module=module, line=line)
    field = cls.time_zone_field
    if field and not isinstance(cls.fields.get(field), TimeZoneName):
        problem = f"{cls.__name__}.time_zone_field is {field!r}, which is not a TimeZoneName field of it"
        raise CatalogError(problem, module=module, line=line)
    if strange := [name for name in cls.earlier_time_zones if name not in cls.earlier_features]:
        problem = f"{cls.__name__}.earlier_time_zones names {strange[0]!r}, which is not in earlier_features"
        raise CatalogError(problem, module=module, line=line)


def _check_external(cls: type[EventType]) -> None:
    """Raises CatalogError if an external signal sends a field that its event type lacks."""
    for signal in cls.external_signals.values():
        for field in signal.send:
            if field not in cls.fields.values():
                raise signal.origin.error(
                    f"{cls.__name__} has no field {field.name!r} that {signal.name} could send"
                )


def _check_sources(cls: type[EventType]) -> None:
    """Raises CatalogError if a field is taken from one that is not declared before it."""
    declared: list[Field] = []
    for name, field in cls.fields.items():
        if field.source and field.source not in declared:
            raise field.origin.error(
                f"{cls.__name__}.{name} is taken from a field that is not declared before"
            )
        declared.append(field)


def _refuse_unknown(
    cls: type[EventType], payload: Mapping[str, Any], problems: list[tuple[str, str, object]]
) -> None:
    if payload.get("type", cls.name) != cls.name:
        problems.append(("type", "is another event type", cls.name))
    if not payload.keys() <= cls._known:
        sent = [name for name in payload if name in cls.computed_fields]
        problems += [(name, "is computed by Assay", "leave it out") for name in sent]
        unknown = [name for name in payload if name not in cls._known and name not in sent]
        problems += unknown_field_problems(unknown, known=list(cls.payload_names()), of="this event type")


def _parse_with(problems: list[tuple[str, str, object]], name: str, parse: Any, *arguments: Any) -> Any:
    try:
        return parse(*arguments)
    except FieldError as error:
        problems.append((name, error.problem, error.allowed))
        return None


def parse_id(raw: object) -> str:
    """An event's id: 1 to 200 characters (see `clean_name`). Raises FieldError."""
    if raw is None:
        raise FieldError("is missing", f"1 to {MAX_ID_LENGTH} characters")
    return clean_identifier(raw, MAX_ID_LENGTH)


def parse_occurred_at(raw: object, now: datetime) -> datetime:
    """ISO 8601 text with an offset, as UTC: from 1970 to 5 minutes after `now`. Raises FieldError."""
    if raw is None:
        raise FieldError("is missing", moments.ALLOWED)
    moment = parse_moment(raw)
    if moment > now + FUTURE_TOLERANCE:
        raise FieldError("is more than 5 minutes in the future", f"until {to_iso(now + FUTURE_TOLERANCE)}")
    return moment


def _parse_values(
    cls: type[EventType],
    payload: Mapping[str, Any],
    rates: Mapping[str, Decimal] | None,
    problems: list[tuple[str, str, object]],
) -> dict[str, Canonical]:
    """Canonical values of the fields that are present; null means absent."""
    values: dict[str, Canonical] = {}
    for name, field in cls._plain:
        raw = payload.get(name)
        if raw is None:
            if not field.optional:
                problems.append((name, "is missing", _what_is_allowed(field)))
            continue
        try:
            values[name] = field.parse(raw)
        except FieldError as error:
            problems.append((name, error.problem, error.allowed))
    if cls._money:
        _parse_amounts(cls, payload, rates, problems, values)
    return values


def _what_is_allowed(field: Field) -> object:
    """The allowed values of a field, as it states them when it refuses a value of no JSON type."""
    try:
        field.parse(object())
    except FieldError as error:
        return error.allowed
    return None


def _parse_amounts(
    cls: type[EventType],
    payload: Mapping[str, Any],
    rates: Mapping[str, Decimal] | None,
    problems: list[tuple[str, str, object]],
    values: dict[str, Canonical],
) -> None:
    currency = cls.base_currency
    if payload.get("currency") is not None:
        currency = _parse_with(problems, "currency", parse_currency, payload["currency"])
    for name, money in cls._money:
        raw = payload.get(name)
        if raw is None and not money.optional:
            problems.append((name, "is missing", _what_is_allowed(money)))
        if raw is not None and currency is not None:
            parsed = _parse_with(problems, name, money.parse, raw, currency, cls.base_currency, rates)
            if parsed is not None:
                values[name] = parsed
