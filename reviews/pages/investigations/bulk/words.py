"""Bulk actions in words."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from reviews.investigation.bulk.terms import LIST, UNDO, VERDICT
from reviews.models import BulkAction
from reviews.work.reason_codes import broken_policies, verdict_words, words_of
from scoring.catalog.event_type import EventType
from scoring.catalog.policies import titles_of
from scoring.catalog.registry import event_types
from scoring.rules.lists.models import ValueList

TITLES = {"label": "Label the events", "verdict": "Decide the open cases", "list": "Put values on a list"}
UNITS = {"label": ("event", "events"), "verdict": ("case", "cases"), "list": ("value", "values")}


def action_words(action: BulkAction) -> str:
    """What an action does, such as "Label 3 events as fraud"."""
    kind = kind_of(action)
    is_undo = action.kind == UNDO
    return words_for(kind, action.terms, action.size, event_type=action.event_type, undo=is_undo)


def words_for(kind: str, terms: Mapping[str, Any], count: int, *, event_type: str, undo: bool = False) -> str:
    """What an action of a kind does to `count` things; briefly if their type is no longer declared."""
    things = f"{count:,} {UNITS[kind][count != 1]}"
    declared = event_types().get(event_type)
    what = _WORDS[kind](terms, things, declared) if declared else f"{TITLES[kind]} ({things})"
    return f"Undo: {what[0].lower()}{what[1:]}" if undo else what


def kind_of(action: BulkAction) -> str:
    """What an action changes, or the one that it undoes changed."""
    if "list_name" in action.terms:
        return LIST
    return VERDICT if "reason_code" in action.terms else "label"


def query_link(parameters: Mapping[str, str]) -> str:
    """The address of the console with the query of an action."""
    return f"{reverse('admin:investigate')}?{urlencode(parameters)}"


def _label(terms: Mapping[str, Any], things: str, kind: type[EventType]) -> str:
    titles = titles_of(kind.policies)
    policies = ", ".join(titles.get(name, name) for name in terms["policies"])
    return f"Label {things} as {terms['value']}{f' ({policies})' if policies else ''}"


def _verdict(terms: Mapping[str, Any], things: str, kind: type[EventType]) -> str:
    said = verdict_words(kind, terms["value"]).title
    broken = [f"{title}, {why}" for title, why in broken_policies(kind, terms["policies"])]
    return f"Decide {things} as {said}: {'; '.join(broken) or words_of(terms['reason_code'])}"


def _list(terms: Mapping[str, Any], things: str, kind: type[EventType]) -> str:
    found = ValueList.objects.filter(name=terms["list_name"]).values_list("title", flat=True).first()
    return f"Put {things} of {terms['field']} on {found or terms['list_name']} until {terms['until'][:10]}"


_WORDS = {"label": _label, "verdict": _verdict, "list": _list}
