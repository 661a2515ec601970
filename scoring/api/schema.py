"""What the OpenAPI document says. Payloads come from the catalog, so that it says what the code does."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiRequest, OpenApiResponse

from scoring.api.preferences import ON_TIMEOUT
from scoring.api.statements import MAX_SOURCE_LENGTH
from scoring.catalog.event_type import MAX_ID_LENGTH, OUTCOMES
from scoring.catalog.registry import event_types
from scoring.decisions.models import Decision, Pending

Schema = dict[str, Any]
JSON, PROBLEM_JSON = "application/json", "application/problem+json"

TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
NUMBER_OR_NULL: Schema = {"type": ["number", "null"]}
MOMENT: Schema = {"type": "string", "format": "date-time"}
MOMENT_OR_NULL: Schema = {"type": ["string", "null"], "format": "date-time"}

PROBLEMS = {
    400: "The body is not JSON",
    401: "The API key is missing, unknown or revoked",
    403: "The API key has not the scope that this needs",
    404: "There is no such thing among the sender's own",
    406: "Only application/json is offered",
    409: "The id was received with another payload",
    413: "The body is too large",
    415: "Only application/json is read",
    422: "Not valid; `errors` name each field, what is wrong with it and what is allowed",
    429: "A lane has too much queued; send it again after `Retry-After` seconds",
    503: "The database cannot be reached; send the request again",
}
ALWAYS = (401, 403, 406, 503)
WITH_BODY = (*ALWAYS, 400, 413, 415, 422)


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def object_of(properties: Schema, *, optional: tuple[str, ...] = (), **more: Any) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, **more}


def list_of(schema: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": schema, **more}


def one_or_list(name: str) -> Schema:
    return {"oneOf": [ref(name), list_of(ref(name), minItems=1, maxItems=settings.API_MAX_LIST)]}


def event_component(name: str) -> str:
    """`payment` -> `PaymentEvent`."""
    return "".join(part.capitalize() for part in name.split("_")) + "Event"


def event_components() -> dict[str, Schema]:
    """A schema for every event type of the catalog, and `Event`: any of them, told apart by `type`."""
    components = {}
    for name, kind in event_types().items():
        schema = kind.json_schema()
        components[event_component(name)] = {**schema, "required": ["type", *schema["required"]]}
    refs = {name: ref(event_component(name)) for name in event_types()}
    mapping = {name: schema["$ref"] for name, schema in refs.items()}
    event = {
        "oneOf": list(refs.values()),
        "discriminator": {"propertyName": "type", "mapping": mapping},
    }
    return {"Event": event, **components}


def label_values() -> list[str]:
    scored = [kind for kind in event_types().values() if kind.scored]
    return sorted({value for kind in scored for value in kind.labels.values})


def reason_schema() -> Schema:
    return object_of(
        {
            "code": {**TEXT, "description": "Stable code of the reason"},
            "feature": TEXT,
            "value": {"type": ["number", "string", "null"], "description": "A category by its name"},
            "usual": {
                "type": ["number", "string", "null"],
                "description": "The entity's own mean, or the population's median",
            },
            "contribution": {"type": "number", "description": "To the margin (log-odds); the values add up"},
            "text": {**TEXT, "description": "The reason in plain words"},
        }
    )


def decision_schema() -> Schema:
    return object_of(
        {
            "outcome": {"type": "string", "enum": list(OUTCOMES)},
            "score": {**NUMBER_OR_NULL, "description": "Calibrated probability of fraud or abuse"},
            "basis": {"type": "string", "enum": Decision.Basis.values},
            "cause": {**TEXT, "description": "Why the failure policy decided; empty otherwise"},
            "model": {**TEXT, "description": "Model version; empty if none decided"},
            "reasons": list_of(ref("Reason")),
            "thresholds": {"type": ["object", "null"], "additionalProperties": {"type": "number"}},
            "decided_at": MOMENT,
            "revision": {"type": "integer", "minimum": 0},
        }
    )


def answer_properties() -> Schema:
    """What a submission is answered with."""
    return {
        "id": TEXT,
        "type": {"type": "string", "enum": list(event_types())},
        "status": {"type": "string", "enum": ["decided", "pending", "recorded", "parked"]},
        "occurred_at": MOMENT,
        "received_at": MOMENT,
        "decision": {"oneOf": [ref("Decision"), {"type": "null"}], "description": "The first decision"},
        "links": event_links(),
    }


def record_properties() -> Schema:
    """Everything that is known of an event."""
    said = object_of(
        {
            "label": TEXT_OR_NULL,
            "retracted": {"type": "boolean"},
            "source": TEXT,
            "known_at": MOMENT,
            "recorded_at": MOMENT,
        }
    )
    return {
        **answer_properties(),
        "fields": {
            "type": "object",
            "additionalProperties": {"type": ["string", "number", "boolean"]},
            "description": "As sent; personal fields are left out",
        },
        "history": {"type": "boolean"},
        "current_decision": {"oneOf": [ref("Decision"), {"type": "null"}]},
        "revisions": list_of(ref("Decision")),
        "label": {**TEXT_OR_NULL, "description": "What holds now, by the precedence of the sources"},
        "labels": list_of(said),
    }


def parked_properties() -> Schema:
    return {
        "type": TEXT,
        "id": TEXT,
        "what": {"type": "string", "enum": Pending.Kind.values},
        "error": TEXT,
        "received_at": MOMENT,
        "links": event_links(),
    }


def event_links() -> Schema:
    return object_of({"self": {"type": "string", "format": "uri-reference"}})


def answer_components() -> dict[str, Schema]:
    return {
        "Reason": reason_schema(),
        "Decision": decision_schema(),
        "Answer": object_of(answer_properties()),
        "EventRecord": object_of(record_properties()),
        "EventResults": results_of("Answer"),
        "ParkedEvents": page_of(parked_properties()),
    }


def label_components() -> dict[str, Schema]:
    link = object_of({"event": {"type": "string", "format": "uri-reference"}})
    event = {"event_type": TEXT, "event_id": TEXT}
    times = {"known_at": MOMENT_OR_NULL, "reported_at": MOMENT_OR_NULL}
    labelled = [name for name, kind in event_types().items() if kind.scored]
    statement = object_of(
        {
            "event_type": {"type": "string", "enum": labelled},
            "event_id": {"type": "string", "minLength": 1, "maxLength": MAX_ID_LENGTH},
            "label": {"type": ["string", "null"], "enum": [*label_values(), None]},
            "retract": {"type": "boolean", "default": False, "description": "Takes the source's label back"},
            "source": {"type": "string", "minLength": 1, "maxLength": MAX_SOURCE_LENGTH},
            "known_at": {
                "type": ["string", "null"],
                "format": "date-time",
                "description": "When the sender knew: kept as reported_at; never in the future",
            },
        },
        optional=("label", "retract", "known_at"),
        additionalProperties=False,
    )
    said = {**event, "label": TEXT_OR_NULL, "source": TEXT}
    receipt = {
        **said,
        "status": {"type": "string", "enum": ["recorded", "held", "unchanged"]},
        "effective": {**TEXT_OR_NULL, "description": "The event's label now, by precedence of the sources"},
        **times,
        "links": link,
    }
    return {
        "Label": statement,
        "LabelReceipt": object_of(receipt),
        "LabelResults": results_of("LabelReceipt"),
        "HeldLabels": page_of({**said, **times, "links": link}),
    }


def problem_components() -> dict[str, Schema]:
    field_problem = object_of(
        {"field": TEXT, "problem": TEXT, "allowed": {"description": "What would be right: a text or a list"}}
    )
    problem = object_of(
        {
            "type": {"type": "string", "format": "uri-reference"},
            "title": TEXT,
            "status": {"type": "integer"},
            "detail": TEXT,
            "errors": list_of(field_problem),
        },
        optional=("errors",),
        description="RFC 9457. Some problems have members of their own, such as `fields` of a conflict.",
    )
    return {"Problem": problem}


def results_of(component: str) -> Schema:
    item = object_of(
        {
            "index": {"type": "integer", "minimum": 0, "description": "Place in the list that was sent"},
            "status": {"type": "integer", "description": "The HTTP status the item would have had alone"},
            "replayed": {"type": "boolean", "description": "It had been received before"},
            "result": ref(component),
            "problem": ref("Problem"),
        },
        optional=("replayed", "result", "problem"),
    )
    return object_of({"results": list_of(item)})


def page_of(properties: Schema) -> Schema:
    following = {"type": ["integer", "null"], "description": "Value of `after` for the next page"}
    return object_of({"results": list_of(object_of(properties)), "next_after": following})


def add_components(result: Schema, **_: Any) -> Schema:
    """drf-spectacular's hook: put the schemas that the operations refer to into the document."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    for components in (event_components, answer_components, label_components, problem_components):
        schemas |= components()
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    return result


def answers(good: dict[int, tuple[Schema, str]], *, problems: tuple[int, ...]) -> dict[Any, OpenApiResponse]:
    """Responses of an operation: the good ones and the problems it may answer with."""
    responses: dict[Any, OpenApiResponse] = {
        (status, JSON): OpenApiResponse(schema, description=text) for status, (schema, text) in good.items()
    }
    for status in sorted(set(problems)):
        responses[(status, PROBLEM_JSON)] = OpenApiResponse(ref("Problem"), description=PROBLEMS[status])
    return responses


def request_of(component: str, examples: list[OpenApiExample]) -> dict[str, OpenApiRequest]:
    return {JSON: OpenApiRequest(one_or_list(component), examples=examples)}


def page_parameters() -> list[OpenApiParameter]:
    return [
        OpenApiParameter("after", int, description="Go on after this position (`next_after`)"),
        OpenApiParameter("limit", int, description="Rows a page: 1 to 1000, usually 100"),
    ]


PAYMENT = {
    "type": "payment",
    "id": "T-1001",
    "occurred_at": "2026-01-31T12:00:00Z",
    "card": "card-7",
    "customer": "customer-3",
    "merchant": "merchant-9",
    "device": "device-4",
    "ip": "192.0.2.17",
    "amount": "129.90",
    "currency": "USD",
    "category": "electronics",
}
LABEL = {
    "event_type": "payment",
    "event_id": "T-1001",
    "label": "fraud",
    "source": "chargeback",
    "known_at": "2026-02-20T09:00:00Z",
}
RETRACTION = {
    "event_type": "payment",
    "event_id": "T-1001",
    "label": None,
    "retract": True,
    "source": "chargeback",
}

SUBMIT: dict[str, Any] = {
    "operation_id": "submit_events",
    "summary": "Submit an event, or a list of events",
    "description": (
        "One event waits for its decision, as long as `Prefer: wait=` says. A list is answered at once unless"
        " it asks to wait; each of its events has its own result, and a bad one loses none of the others. The"
        " same payload under the same id gives the original answer again; another payload is a conflict."
    ),
    "tags": ["events"],
    "parameters": [
        OpenApiParameter(
            "Prefer",
            str,
            OpenApiParameter.HEADER,
            description="`wait=<seconds>`, `respond-async`, `on_timeout=fallback`",
        ),
        OpenApiParameter(
            "on_timeout",
            str,
            enum=list(ON_TIMEOUT),
            description="What answers if there is no decision in time: 202, or the failure policy",
        ),
    ],
    "request": request_of(
        "Event", [OpenApiExample("A payment", PAYMENT), OpenApiExample("A list", [PAYMENT])]
    ),
    "responses": answers(
        {
            200: (
                {"oneOf": [ref("Answer"), ref("EventResults")]},
                "Received before: the original answer. Or a list: one result for each event, none refused.",
            ),
            201: (ref("Answer"), "Decided; or recorded, for a type that is not scored"),
            202: (ref("Answer"), "Received, not decided yet; ask at `Location`"),
            207: (ref("EventResults"), "A list of which at least one event was refused"),
        },
        problems=(*WITH_BODY, 409, 429),
    ),
}
RETRIEVE: dict[str, Any] = {
    "operation_id": "retrieve_event",
    "summary": "An event with its decisions and labels",
    "description": "Of the key's own source. The id may hold slashes.",
    "tags": ["events"],
    "parameters": [
        OpenApiParameter("type", str, OpenApiParameter.PATH, description="Event type"),
        OpenApiParameter("id", str, OpenApiParameter.PATH, description="The sender's own id"),
    ],
    "responses": answers({200: (ref("EventRecord"), "")}, problems=(*ALWAYS, 404)),
}
LIST_PARKED: dict[str, Any] = {
    "operation_id": "list_parked_events",
    "summary": "Events that could not be processed",
    "description": "Set aside with their error, so that their lane could go on.",
    "tags": ["events"],
    "parameters": page_parameters(),
    "responses": answers({200: (ref("ParkedEvents"), "")}, problems=(*ALWAYS, 422)),
}
STATE_LABELS: dict[str, Any] = {
    "operation_id": "state_labels",
    "summary": "Say what turned out to be true of an event, or take it back",
    "description": (
        "A label holds from its receipt on: an earlier `known_at` is kept as `reported_at`. A label that"
        " arrives before its event is held until then. Saying the same again changes nothing."
    ),
    "tags": ["labels"],
    "request": request_of(
        "Label",
        [
            OpenApiExample("A chargeback", LABEL),
            OpenApiExample("A retraction", RETRACTION),
            OpenApiExample("A list", [LABEL]),
        ],
    ),
    "responses": answers(
        {
            200: (
                {"oneOf": [ref("LabelReceipt"), ref("LabelResults")]},
                "Said before: nothing changed. Or a list: one result for each label, none refused.",
            ),
            201: (ref("LabelReceipt"), "Recorded"),
            202: (ref("LabelReceipt"), "Held until its event arrives"),
            207: (ref("LabelResults"), "A list of which at least one label was refused"),
        },
        problems=(*WITH_BODY, 404, 409),
    ),
}
LIST_HELD: dict[str, Any] = {
    "operation_id": "list_held_labels",
    "summary": "Labels whose event has not arrived",
    "description": "They are applied when it does.",
    "tags": ["labels"],
    "parameters": page_parameters(),
    "responses": answers({200: (ref("HeldLabels"), "")}, problems=(*ALWAYS, 422)),
}
