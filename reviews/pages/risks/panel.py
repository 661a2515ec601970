"""The risks of entities in a line each, for the pages of cases and entities."""

from collections.abc import Sequence
from datetime import datetime
from itertools import product
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.db.models import Q
from django.urls import reverse

from reviews.console.entity_index import EntityRef
from reviews.pages.event_panels import entity_words, words_of_name
from scoring.admin_kit.personal.access import PersonalAccess
from scoring.admin_kit.row_rules.visible import sees_type
from scoring.batch.risk.models import RiskOverride, RiskProfile
from scoring.batch.risk.overrides import risk_views
from scoring.batch.risk.view import Risk

VIEW = "scoring.view_riskprofile"
SET = "scoring.override_risk"


class RiskLine(NamedTuple):
    """An entity's risk. `score`: None without a profile; `stale`: too old for events to read it."""

    title: str
    words: str
    link: str
    score: float | None
    as_of: datetime | None
    stale: bool
    override: RiskOverride | None


def risk_panel(
    refs: Sequence[EntityRef], *, user: AbstractUser | AnonymousUser, personal: PersonalAccess, now: datetime
) -> dict[str, Any]:
    """The template context of these entities' risks: two queries; nothing without the permission."""
    kinds = {ref.kind for ref in refs}
    views = [view for view in seen_risk_views(user).values() if view.entities[0].kind in kinds]
    if not views or not user.has_perm(VIEW):
        return {}
    pairs = product(dict.fromkeys(refs), views)
    named = [(view, ref) for ref, view in pairs if view.entities[0].kind == ref.kind]
    wanted = Q(pk__in=[])
    for view, ref in named:
        wanted |= Q(view=view.key, entity=ref.value)
    profiles = {(row.view, row.entity): row for row in RiskProfile.objects.filter(wanted)}
    held = RiskOverride.objects.holding(now).filter(wanted)
    overrides = {(row.view, row.entity): row for row in held}
    return {
        "risks": [
            risk_line(
                view,
                ref,
                profiles.get((view.key, ref.value)),
                overrides.get((view.key, ref.value)),
                personal=personal,
                now=now,
            )
            for view, ref in named
        ]
    }


def seen_risk_views(user: Any) -> dict[str, Risk]:
    """The risk views of the event types that a user sees, by key."""
    return {key: view for key, view in risk_views().items() if sees_type(user, view.event_type)}


def risk_line(
    view: Risk,
    ref: EntityRef,
    profile: RiskProfile | None,
    override: RiskOverride | None,
    *,
    personal: PersonalAccess,
    now: datetime,
) -> RiskLine:
    return RiskLine(
        title=title_of(view),
        words=entity_words(ref, personal=personal),
        link=risk_link(view.key, ref.value),
        score=profile.score if profile else None,
        as_of=profile.as_of if profile else None,
        stale=profile is not None and is_stale(view, profile.as_of, now=now),
        override=override,
    )


def title_of(view: Risk) -> str:
    """ "Customer risk"; the event type tells views of one name apart where that matters."""
    return words_of_name(view.name)


def risk_link(view: str, entity: str) -> str:
    """The address of an entity's profile; `entity` as in the log, so that no personal value is in it."""
    return f"{reverse('admin:risk_profile', args=[view])}?{urlencode({'value': entity})}"


def is_stale(view: Risk, as_of: datetime, *, now: datetime) -> bool:
    """Whether events that arrive now read no risk, because the version is too old."""
    return (now - as_of).total_seconds() * 1e6 > view.stale_after_us
