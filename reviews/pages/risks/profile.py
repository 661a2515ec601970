"""The risk profile of one entity: its score over time, its reasons, and the form that overrides it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from reviews.console.entity_index import find_entity
from reviews.pages.event_panels import entity_link, entity_words, words_of_name
from reviews.pages.risks.forms import EndForm, OverrideForm
from reviews.pages.risks.panel import SET, VIEW, is_stale, risk_link, title_of
from scoring.admin_kit.formatting import percent_text
from scoring.admin_kit.pages import actor_of, register_page
from scoring.admin_kit.personal.revealing import PersonalPage
from scoring.admin_kit.plots import Axis, Plot, Series
from scoring.admin_kit.time_zones import zoned_text
from scoring.batch.risk.errors import UnknownRiskView
from scoring.batch.risk.models import RiskOverride, RiskProfile
from scoring.batch.risk.overrides import (
    OVERRIDDEN,
    end_override,
    find_risk_view,
    override_of,
    override_risk,
    stream_of,
)
from scoring.batch.risk.sums import parts_of_risk
from scoring.batch.risk.view import ANY, Risk
from scoring.declare.spelling import exact_span
from scoring.errors import ScoringError
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.timestamps import from_iso, from_micros, to_micros

MAX_TEXT = 200  # characters of an entity in the address
MAX_CHANGES = 20
FORMS: dict[str, type[OverrideForm] | type[EndForm]] = {"override": OverrideForm, "end": EndForm}


class StrongEvent(NamedTuple):
    """An event that the risk is due to. `part`: the share of the risk's evidence that it contributes."""

    position: int
    score: float
    at: datetime
    part: float


@register_page
class RiskProfilePage(PersonalPage):
    """The profile of the entity `value` (as in the log) in a risk view.

    POST takes `action`: "override" or "end", which need the permission to override risks.
    """

    path, name, title = "risk/<str:view>/entity/", "risk_profile", "Risk profile"
    permission = VIEW
    template_name = "reviews/risk/profile.html"

    @property
    def risk_view(self) -> Risk:
        """The risk view of the address. Raises Http404."""
        try:
            return find_risk_view(self.kwargs["view"])
        except UnknownRiskView as error:
            raise Http404(str(error)) from error

    def shown_types(self) -> Iterable[str]:
        return [self.risk_view.event_type]

    @property
    def value(self) -> str:
        return self.request.GET.get("value", "")[:MAX_TEXT]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        view, value, now = self.risk_view, self.value, timezone.now()
        kwargs.setdefault("override_form", OverrideForm())
        kwargs.setdefault("end_form", EndForm())
        self.title = title_of(view)
        if not value:
            return super().get_context_data(**kwargs, risk_view=view)
        ref = find_entity(view.entities[0].kind, value)
        profile = RiskProfile.objects.filter(view=view.key, entity=value).first()
        override = override_of(view.key, value)
        held = override if override and override.holds(now) else None
        return super().get_context_data(
            **kwargs,
            risk_view=view,
            ref=ref,
            kind_words=words_of_name(ref.kind),
            words=entity_words(ref, personal=self.personal),
            entity_link=entity_link(ref),
            profile=profile,
            is_any=view.combination == ANY,
            half_life=exact_span(view.half_life_us),
            stale=profile is not None and is_stale(view, profile.as_of, now=now),
            override=held,
            set_by=held.set_by.removeprefix("user/") if held else "",
            pending=is_pending(profile, held),
            strongest=strongest_events(view, profile) if profile else [],
            plot=history_plot(view, profile) if profile else None,
            may_override=self.request.user.has_perm(SET),
            history=changes_of(read_stream(stream_of(view.key, value))),
        )

    def post(self, request: HttpRequest, view: str) -> HttpResponse:
        self.require(SET)
        action = request.POST.get("action", "")
        if action not in FORMS:
            raise BadRequest(f"unknown action; use {', '.join(FORMS)}")
        form = FORMS[action](request.POST)
        if form.is_valid():
            try:
                self._change(form, now=timezone.now())
            except ScoringError as error:
                form.add_error(None, f"Nothing changed: {error}.")
        if form.errors:
            return self.render_to_response(self.get_context_data(**{f"{action}_form": form}))
        messages.success(request, "The change is recorded. Events read it within two minutes.")
        return redirect(risk_link(self.risk_view.key, self.value))

    def _change(self, form: OverrideForm | EndForm, *, now: datetime) -> None:
        """Make the change of a valid form. Raises ScoringError if it is refused."""
        actor = actor_of(self.request)
        named: dict[str, Any] = {"view": self.risk_view.key, "entity": self.value, "actor": actor, "now": now}
        reason = form.cleaned_data["reason"]
        if isinstance(form, OverrideForm):
            override_risk(**named, score=form.score, reason=reason, expires_at=form.expires_at(now))
        else:
            end_override(**named, reason=reason)


def is_pending(profile: RiskProfile | None, held: RiskOverride | None) -> bool:
    """Whether the newest version lacks an override that holds, or has one that does not."""
    if held is not None:
        return profile is None or profile.score != held.score
    return profile is not None and profile.score != profile.computed


def strongest_events(view: Risk, profile: RiskProfile) -> list[StrongEvent]:
    """The events that the risk is due to, the strongest first."""
    events = np.array(profile.events, dtype=np.float64).reshape(-1, 3)
    parts = parts_of_risk(view, events, total=profile.total, as_of_us=to_micros(profile.as_of))
    return [
        StrongEvent(position, score, from_micros(at), part)
        for (position, score, at), part in zip(profile.events, parts.tolist(), strict=True)
    ]


def history_plot(view: Risk, profile: RiskProfile) -> Plot:
    """The scores of the last versions that had the entity."""
    points = list(zip(profile.history_at, profile.history_scores, strict=True))
    return Plot(
        title=f"{title_of(view)} by version",
        x=Axis("published", "time"),
        y=Axis("risk", "percent", minimum=0, maximum=1),
        series=[Series("risk", points, kind="step" if len(points) > 1 else "dots")],
        summary=f"The risk of this {view.entities[0].kind} in the last {len(points)} versions; now"
        f" {percent_text(profile.score)}.",
    )


def changes_of(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """The latest overrides in words, newest first."""
    return [
        {
            "text": _change_text(entry),
            "reason": entry.data["reason"],
            "actor": str(entry.metadata.get("actor", "")).removeprefix("user/"),
            "at": entry.recorded_at,
        }
        for entry in reversed(entries[-MAX_CHANGES:])
    ]


def _change_text(entry: Entry) -> str:
    if entry.type != OVERRIDDEN:
        return "Override ended"
    until = from_iso(entry.data["expires_at"])
    return f"Set to {percent_text(entry.data['score'])} until {zoned_text(until)}"
