"""What an appeal is about: the event, its first verdict, and what the author says against it."""

from typing import NamedTuple

from reviews.console.event_details import EventDetail, event_detail
from reviews.models import Case
from reviews.pages.content.panel import ShownText, texts_of
from reviews.work.reason_codes import action_title, broken_policies
from scoring.admin_kit.personal.access import PersonalAccess
from scoring.catalog.registry import event_type


class Appealed(NamedTuple):
    """`pleas`: what the appeal says; `about`: None for an event that was never received.

    `first` is the decided case of the event, with the policies `broken` and the `action` in words; None if no
    person decided. `decided`: the action or outcome that the appeal is against, in words.
    """

    pleas: list[ShownText]
    about: EventDetail | None
    texts: list[ShownText]
    first: Case | None
    broken: list[tuple[str, str]]
    action: str
    decided: str


def appealed_panel(case: Case, appeal: EventDetail, *, personal: PersonalAccess) -> Appealed | None:
    """The panel of an appeal's case; None for another case."""
    if case.why != Case.Why.APPEAL:
        return None
    pleas = texts_of(appeal, personal=personal)
    if case.about is None:
        return Appealed(pleas, None, [], None, [], "", case.outcome)
    about = event_detail(case.about)
    kind = event_type(about.type)
    first = Case.objects.with_verdict().filter(pk=case.about).first()
    return Appealed(
        pleas,
        about,
        texts_of(about, personal=personal),
        first,
        broken_policies(kind, first.policies) if first else [],
        action_title(kind, first.action) if first and first.action else "",
        action_title(kind, case.outcome),
    )
