"""The list of risk profiles: the entities of a kind by risk, and a search among them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import Http404
from django.utils import timezone

from reviews.console.entity_index import EntityRef
from reviews.pages.history_table import number_in
from reviews.pages.risks.panel import VIEW, RiskLine, is_stale, risk_line, seen_risk_views, title_of
from scoring.admin_kit.pages import register_page
from scoring.admin_kit.personal.access import PersonalAccess
from scoring.admin_kit.personal.revealing import PersonalPage
from scoring.batch.risk.models import RiskOverride, RiskProfile
from scoring.batch.risk.view import Risk
from scoring.batch.status import newest_version
from scoring.log import vault

ROWS = 50
MAX_PAGES = 200
MAX_TEXT = 200  # characters of a search


class ProfileLine(NamedTuple):
    """A row: the risk, its computed value, the decayed number of events, and the strongest event."""

    risk: RiskLine
    profile: RiskProfile
    strongest: int | None


class ViewTab(NamedTuple):
    """A risk view to choose."""

    key: str
    title: str
    event_type: str
    chosen: bool


@register_page
class RiskProfilesPage(PersonalPage):
    """The profiles of the view `view` (the first one by default), the highest risk first.

    `q`: entities that begin with this text; of personal ones, the whole value.
    """

    path, name, title = "risk/", "risk_profiles", "Risk profiles"
    permission = VIEW
    template_name = "reviews/risk/profiles.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        views, now = seen_risk_views(self.request.user), timezone.now()
        asked = self.request.GET
        view = _chosen(views, asked.get("view", ""))
        if view is None:
            return super().get_context_data(**kwargs, tabs=[])
        text = asked.get("q", "").strip()[:MAX_TEXT]
        page = min(max(number_in(asked.get("page")) or 1, 1), MAX_PAGES)
        personal = self.personal
        found = find_profiles(view, text, page=page, personal=personal)
        newest = newest_version(view)
        return super().get_context_data(
            **kwargs,
            view=view,
            tabs=[ViewTab(key, title_of(each), each.event_type, each is view) for key, each in views.items()],
            text=text,
            lines=_lines(view, found[:ROWS], personal=personal, now=now),
            newest=newest,
            stale=newest is not None and is_stale(view, newest.as_of, now=now),
            profiles=sum(newest.rows.values()) if newest else 0,
            overrides=RiskOverride.objects.holding(now).filter(view=view.key).count(),
            before=_address(view, text, page - 1) if page > 1 else "",
            after=_address(view, text, page + 1) if len(found) > ROWS and page < MAX_PAGES else "",
        )


def find_profiles(view: Risk, text: str, *, page: int, personal: PersonalAccess) -> Sequence[RiskProfile]:
    """A page of profiles and one more, the highest risk first."""
    field = view.entities[0]
    rows = RiskProfile.objects.filter(view=view.key)
    if text and field.personal:
        rows = rows.filter(entity=vault.digest_of(field.name, text)) if personal.may_read else rows.none()
    elif text:
        rows = rows.filter(entity__startswith=text)
    first = (page - 1) * ROWS
    return list(rows.order_by("-score", "entity")[first : first + ROWS + 1])


def _chosen(views: dict[str, Risk], key: str) -> Risk | None:
    """The view of the query string. Raises Http404 for an unknown one; None if there are none at all."""
    if key and key not in views:
        raise Http404(f"There is no risk view {key!r}.")
    return views[key] if key else next(iter(views.values()), None)


def _lines(
    view: Risk, rows: Sequence[RiskProfile], *, personal: PersonalAccess, now: datetime
) -> list[ProfileLine]:
    field = view.entities[0]
    shown = [row.entity for row in rows]
    names = vault.reveal(shown) if field.personal and personal.may_read and rows else {}
    held = RiskOverride.objects.holding(now).filter(view=view.key, entity__in=shown)
    overrides = {each.entity: each for each in held}
    return [
        ProfileLine(
            risk_line(
                view,
                EntityRef(
                    field.kind,
                    row.entity,
                    names.get(row.entity, "") if field.personal else row.entity,
                    field.personal,
                ),
                row,
                overrides.get(row.entity),
                personal=personal,
                now=now,
            ),
            row,
            row.events[0][0] if row.events else None,
        )
        for row in rows
    ]


def _address(view: Risk, text: str, page: int) -> str:
    return "?" + urlencode({"view": view.key, **({"q": text} if text else {}), "page": page})
