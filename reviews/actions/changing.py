"""Defining, changing and retiring actions: the only writer of their streams and addresses."""

from datetime import datetime
from typing import Any

from django.db import transaction

from reviews.actions.definition import ActionDefinition, check_definition
from reviews.actions.errors import (
    ActionChangedMeanwhile,
    ActionExists,
    ActionInvalid,
    ActionUnchanged,
    ActionUnknown,
)
from reviews.models.actions import CaseAction, CaseActionAddress
from scoring.admin_kit.history import HistoryLine, history_lines
from scoring.catalog.parsing.reasons import clean_reason
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import last_version, read_stream
from scoring.webhooks.errors import WebhookRefused
from scoring.webhooks.posting import check_url, host_of, new_secret


def address_of(name: str) -> CaseActionAddress | None:
    """Where the requests of an action go, None until it has been entered."""
    return CaseActionAddress.objects.filter(pk=name).first()


def define_action(
    definition: ActionDefinition, *, url: str | None, reason: str, actor: str, now: datetime
) -> CaseAction:
    """Define a new action. `url`: see `change_action`.

    Raises ActionInvalid, ActionExists, and StreamConflict after a concurrent change.
    """
    check_action(definition, url=url)
    if last_version(stream_of(definition.name)):
        raise ActionExists(definition.name)
    return _define(definition, version=0, url=url, reason=reason, actor=actor, now=now)


def change_action(
    definition: ActionDefinition,
    *,
    based_on: int,
    url: str | None,
    reason: str,
    actor: str,
    now: datetime,
) -> CaseAction:
    """Store a new version of an action, and take a retired one into use again.

    `based_on`: the version that the author saw. `url`: where requests go, "" for nowhere, None to leave it as
    it is; a new address gets a new secret. Raises ActionInvalid, ActionUnknown, ActionChangedMeanwhile,
    ActionUnchanged, and StreamConflict.
    """
    check_action(definition, url=url)
    stored = CaseAction.objects.filter(pk=definition.name).first()
    if stored is None:
        raise ActionUnknown(definition.name)
    if stored.number != based_on:
        raise ActionChangedMeanwhile(definition.name, based_on=based_on, newest=stored.number)
    address = address_of(definition.name)
    same_url = url is None or url == (address.url if address else "")
    if not stored.retired and same_url and definition == ActionDefinition.of(stored.terms):
        raise ActionUnchanged(definition.name)
    return _define(definition, version=stored.number, url=url, reason=reason, actor=actor, now=now)


def retire_action(name: str, *, reason: str, actor: str, now: datetime) -> CaseAction:
    """Offer an action no longer. Raises ActionUnknown, and StreamConflict."""
    stored = CaseAction.objects.in_use().filter(pk=name).first()
    if stored is None:
        raise ActionUnknown(name)
    data = {"name": name, "reason": clean_reason(reason)}
    _append(name, "case_action.retired", data, version=stored.number, actor=actor, now=now)
    stored.refresh_from_db()
    return stored


def check_action(definition: ActionDefinition, *, url: str | None) -> None:
    """Raises ActionInvalid with every problem of a definition and its address."""
    others = [ActionDefinition.of(row.terms) for row in CaseAction.objects.in_use()]
    check_definition(definition, others)
    if url:
        try:
            check_url(url)
        except WebhookRefused as refused:
            allowed = "an https address such as https://refunds.example.org/assay"
            raise ActionInvalid(definition.name, [("url", str(refused), allowed)]) from refused


def action_history(name: str) -> list[HistoryLine]:
    """The latest changes of an action for pages, newest first."""
    return history_lines(read_stream(stream_of(name)), _change_text)


def stream_of(name: str) -> str:
    return f"case_action/{name}"


def _change_text(entry: Entry) -> str:
    if entry.type == "case_action.retired":
        return "Retired"
    return f"Version {entry.stream_version}, to {entry.data['host'] or 'no address'}"


def _define(
    definition: ActionDefinition,
    *,
    version: int,
    url: str | None,
    reason: str,
    actor: str,
    now: datetime,
) -> CaseAction:
    with transaction.atomic():
        if url is not None:
            _set_address(definition.name, url, actor=actor, now=now)
        address = address_of(definition.name)
        host = host_of(address.url) if address else ""
        data = {**definition.as_data(), "host": host, "reason": clean_reason(reason)}
        _append(definition.name, "case_action.defined", data, version=version, actor=actor, now=now)
    return CaseAction.objects.get(pk=definition.name)


def _set_address(name: str, url: str, *, actor: str, now: datetime) -> None:
    before = address_of(name)
    if before is not None and before.url == url:
        return
    if before is not None:
        before.delete()
    if url:
        CaseActionAddress.objects.create(
            action=name, url=url, secret=new_secret(), changed_by=actor, changed_at=now
        )


def _append(
    name: str, entry_type: str, data: dict[str, Any], *, version: int, actor: str, now: datetime
) -> None:
    entry = NewEntry(
        stream=stream_of(name),
        expected_version=version,
        type=entry_type,
        data=data,
        metadata={"actor": actor},
    )
    append([entry], now=now)
