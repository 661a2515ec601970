"""The gate that a model must pass before it may decide: automatic checks, then approval by another person.

The checks themselves are in `scoring.learning.gates.checks`.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from scoring.catalog.parsing.card_numbers import mask_card_numbers
from scoring.learning.errors import AlreadyJudged, GateFailed, NoteRequired, OwnModel
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import last_version
from scoring.registry.errors import UnknownModel
from scoring.registry.model_versions import known_names
from scoring.registry.models import ModelVersion

MAX_NOTE_LENGTH = 500  # characters
NEVER_CHECKED = "automatic checks (it was trained before they existed)"


def approve(
    name: str,
    *,
    actor: str,
    now: datetime,
    note: str = "",
    forced: bool = False,
    groups: Collection[str] = (),
) -> Entry:
    """Append `model.approved`. `forced` ignores failed checks; the note must then say why.

    `groups`: those of the actor, whose members may override the checks that name one of them, likewise with a
    note. Raises UnknownModel, AlreadyJudged, OwnModel, GateFailed (naming the failed checks), NoteRequired.
    """
    with transaction.atomic():
        version = _locked_candidate(name)
        if actor == version.trained_by:
            raise OwnModel(name=name, actor=actor)
        failed = failed_checks(version.checks)
        if not forced and (stopping := not_overridable(version.checks, groups)):
            raise GateFailed(name=name, failed=stopping)
        if (forced or failed) and not note.strip():
            raise NoteRequired(name=name, judgment="approved despite failed checks")
        return _append(name, "model.approved", actor=actor, note=note, now=now, failed=failed)


def reject(name: str, *, actor: str, note: str, now: datetime) -> Entry:
    """Append `model.rejected`. Raises UnknownModel, AlreadyJudged, NoteRequired."""
    if not note.strip():
        raise NoteRequired(name=name, judgment="rejected")
    with transaction.atomic():
        version = _locked_candidate(name)
        failed = failed_checks(version.checks)
        return _append(name, "model.rejected", actor=actor, note=note, now=now, failed=failed)


def failed_checks(checks: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names of the failed checks; a model without any checks was never checked."""
    return [check["name"] for check in checks if not check["passed"]] if checks else [NEVER_CHECKED]


def not_overridable(checks: Sequence[Mapping[str, Any]], groups: Collection[str]) -> list[str]:
    """The names of the failed checks that a member of `groups` may not override."""
    if not checks:
        return [NEVER_CHECKED]
    named = set(groups) - {""}  # a check that names no group is overridden by none
    return [check["name"] for check in checks if not check["passed"] and check.get("override") not in named]


def _locked_candidate(name: str) -> ModelVersion:
    """The candidate, locked until the transaction ends, so that two judgments cannot overlap."""
    version = ModelVersion.objects.select_for_update().filter(name=name).first()
    if version is None:
        raise UnknownModel(name=name, known=known_names())
    if version.status != ModelVersion.Status.CANDIDATE:
        raise AlreadyJudged(name=name, status=version.status, judged_by=version.judged_by)
    return version


def _append(
    name: str, entry_type: str, *, actor: str, note: str, now: datetime, failed: Sequence[str]
) -> Entry:
    stream = f"model/{name}"
    note = mask_card_numbers(note.strip())[:MAX_NOTE_LENGTH]
    entry = NewEntry(
        stream=stream,
        expected_version=last_version(stream),
        type=entry_type,
        data={"name": name, "by": actor, "note": note, "failed_checks": list(failed)},
        metadata={"actor": actor},
    )
    return append([entry], now=now)[0]
