"""Lists as the product defines them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from scoring.rules.lists.changing.defining import define_list
from scoring.rules.lists.changing.listing import Added, add_values
from scoring.rules.lists.changing.values import NewValue
from scoring.rules.lists.definitions import ListDefinition

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)
ANA = "user/ana"


def definition(name: str = "stolen_cards", **given: Any) -> ListDefinition:
    """A definition without a database."""
    return ListDefinition(
        **{
            "name": name,
            "title": "Stolen cards",
            "description": "",
            "action": "block",
            "kind": "card",
            "match": "value",
            "code": "STOLEN_CARD",
            "sentence": "The card was reported stolen",
            **given,
        }
    )


def defined(name: str = "stolen_cards", **given: Any) -> ListDefinition:
    """A list in the database, of blocked cards unless `given` says otherwise."""
    fields = {"title": name.replace("_", " ").capitalize(), "action": "block", "kind": "card"}
    return define_list(name=name, actor=ANA, now=NOW, **{**fields, **given})


def listed(
    name: str, *values: str, until: datetime | None = None, now: datetime = NOW, **given: Any
) -> Added:
    """Add values to a list, for the reason "test"."""
    new = [NewValue(value, reason="test", expires_at=until) for value in values]
    return add_values(list_name=name, values=new, actor=ANA, now=now, **given)
