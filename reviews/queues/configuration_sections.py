"""The section `review_queues` of the configuration file: queues by their names."""

from typing import Any

from reviews.models.queues import ReviewQueue
from reviews.queues.changing import change_queue, create_queue, retire_queue
from reviews.queues.definition import QueueDefinition, check_definition
from reviews.queues.errors import QueueInvalid, QueueUnchanged
from scoring.configuration.sections.registry import register_section
from scoring.configuration.sections.section import (
    FLAG,
    LIST,
    MAPPING,
    NUMBER,
    TEXT,
    WHOLE,
    Applying,
    Data,
    Item,
    Items,
    Key,
    Planning,
    check_members,
    check_texts,
    invalid_at,
    without_defaults,
)
from scoring.rules.rules.compiling import Nameable

KINDS = {
    **dict.fromkeys(("event_type", "condition", "description"), TEXT),
    **dict.fromkeys(("priority", "sla_minutes"), WHOLE),
    **dict.fromkeys(("groups", "users"), LIST),
    **dict.fromkeys(("weights", "quotas"), MAPPING),
    "one_per_cluster": FLAG,
}
WEIGHTS = dict.fromkeys(("loss", "label", "age"), NUMBER)


class ReviewQueuesSection:
    """Queues in use; one that a file does not mention is retired when it is pruned."""

    name, title, depth, approval = "review_queues", "Review queues", 1, ""

    def export(self, *, requests: bool = False) -> Items:
        queues = ReviewQueue.objects.in_use().order_by("name")
        return {(queue.name,): _item(QueueDefinition.of(queue.terms)) for queue in queues}

    def apply(self, key: Key, data: Data, applying: Applying) -> None:
        definition = _definition(key, data)
        by: dict[str, Any] = {"actor": applying.actor, "now": applying.now, "reason": applying.reason}
        stored = ReviewQueue.objects.filter(pk=definition.name).first()
        try:
            if stored is None:
                create_queue(**_members(definition), **by)
            else:
                change_queue(definition, based_on=stored.number, **by)
        except QueueInvalid as error:
            raise invalid_at((), error.problems) from error
        except QueueUnchanged:
            return

    def remove(self, key: Key, applying: Applying) -> None:
        retire_queue(key[0], reason=applying.reason, actor=applying.actor, now=applying.now)

    def plan(self, key: Key, data: Data, planning: Planning) -> Item | None:
        definition = _definition(key, data)
        _check(definition, planning.nameable)
        return _item(definition)

    def plan_removal(self, key: Key, planning: Planning) -> Item | None:
        return None


def _check(definition: QueueDefinition, nameable: Nameable) -> None:
    try:
        check_definition(definition, nameable)
    except QueueInvalid as error:
        raise invalid_at((), error.problems) from error


def _definition(key: Key, data: Data) -> QueueDefinition:
    """The definition that an item of a file means. Raises ItemInvalid."""
    members = check_members(data, KINDS, required=("event_type",))
    check_members(members.get("weights") or {}, WEIGHTS, at=("weights",))
    quotas = members.get("quotas") or {}
    check_members(quotas, dict.fromkeys(map(str, quotas), NUMBER), at=("quotas",))
    for name in ("groups", "users"):
        check_texts(members.get(name) or (), (name,))
    given = {name: value for name, value in members.items() if value is not None}
    return QueueDefinition.of({**given, "name": key[0]})


def _members(definition: QueueDefinition) -> dict[str, Any]:
    """The members of a definition as they are, not as they are logged."""
    return {name: getattr(definition, name) for name in QueueDefinition.__dataclass_fields__}


def _item(definition: QueueDefinition) -> Item:
    """A definition as in a file: what differs from the defaults."""
    defaults = QueueDefinition(definition.name, definition.event_type).as_data()
    data = definition.as_data()
    nested = {**data, "weights": without_defaults(data["weights"], defaults["weights"])}
    item = without_defaults(nested, {**defaults, "event_type": None, "weights": {}})
    return {name: value for name, value in item.items() if name in KINDS}


register_section(ReviewQueuesSection())
