"""The content of an event for moderators: its texts with the telling parts marked, its conversation, its
likes, and its author.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from reviews.console.entity_index import EntityRef, events_of_entity, neighbors_of
from reviews.console.event_details import EventDetail
from reviews.duplicates.automatic import automatic_positions, outcomes_of
from reviews.duplicates.deciding import MAX_GROUP
from reviews.duplicates.finding import Likeness, likenesses
from reviews.models import Case
from reviews.pages.content.known_texts import KnownTexts, known_texts_panel
from reviews.pages.content.marks import Part, marked_parts
from reviews.pages.content.reports import Reports, reports_panel
from reviews.pages.content.snapshots import Snapshot, snapshots_of
from reviews.pages.content.telling import telling_parts
from reviews.pages.event_panels import (
    entity_link,
    entity_names,
    entity_words,
    field_words,
)
from reviews.quality.blinding import seen_case
from reviews.strikes.recording import struck_field
from reviews.strikes.standing import Strikes, strikes_against
from reviews.work.reason_codes import action_title, policy_titles
from reviews.work.verdict_rules import ALLOW, REVIEW
from reviews.work.viewing import limit_reached
from scoring.admin_kit.outcomes import outcome_tone
from scoring.admin_kit.personal.access import ERASED, HIDDEN, PersonalAccess
from scoring.admin_kit.personal.masks import is_name
from scoring.admin_kit.row_rules.visible import is_limited, sees_type, visible_to
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Text
from scoring.catalog.registry import event_type, event_types
from scoring.intake.models import Event
from scoring.log import vault

EACH_WAY = 3  # events of the conversation before and after
LOOKED_AT = 50  # each way, for events that say something
MAX_ALIKE = 8
MAX_COUNTED = 1_000


class ShownText(NamedTuple):
    """A text in parts; `missing` says why there is none to show."""

    title: str
    parts: list[Part]
    missing: str = ""


class Line(NamedTuple):
    """An event beside the one on the page. `became`: what was decided, in words, with its badge's `tone`."""

    event: Snapshot
    became: str
    tone: str
    likeness: str = ""


class Alike(NamedTuple):
    """Events like this one: `counts` of what became of them in words, and the likest of them."""

    total: int
    counts: list[tuple[str, int]]
    lines: list[Line]


class Group(NamedTuple):
    """Near-duplicates that one verdict can decide: free cases, and those that software `decided`.

    At most `MAX_GROUP` in all, free cases first; `more`: there are more. `counts`: both in words.
    """

    free: list[Line]
    decided: list[Line]
    more: bool

    @property
    def total(self) -> int:
        return len(self.free) + len(self.decided)

    @property
    def counts(self) -> str:
        decided = Counter(line.became for line in self.decided).most_common()
        free = [f"{len(self.free)} open"] if self.free else []
        return ", ".join(free + [f"{number} {words}" for words, number in decided])


class Author(NamedTuple):
    """Whose content it is, with the number of events (`capped`: more than that) and strikes."""

    words: str
    title: str
    link: str
    events: int
    capped: bool
    strikes: Strikes
    policies: Mapping[str, str]  # titles by name


class Content(NamedTuple):
    """The panel of an event's content."""

    texts: list[ShownText]
    speaks_for: str  # what marked parts speak for, "" without marks
    before: list[Line]
    after: list[Line]
    conversation: str  # the address of the whole, "" for none
    alike: Alike
    group: Group
    author: Author | None
    reports: Reports | None
    known: KnownTexts | None


def content_panel(
    detail: EventDetail,
    *,
    personal: PersonalAccess,
    user: Any,
    now: datetime,
) -> Content | None:
    """The panel of an event whose type has policies, else None. It shows other events that the user sees."""
    reviewer = user.get_username()
    kind = event_type(detail.type)
    if not kind.policies:
        return None
    telling = telling_parts(detail, personal=personal)
    refs = dict(zip(entity_names(detail), detail.entities, strict=True))
    found = _seen_likes(likenesses(detail.entities, than=detail.position), user)
    sorted_out = _sort_out(found, kind, reviewer=reviewer, now=now)
    conversation = refs.get(kind.conversation)
    before, after = _around(conversation, detail.position)
    wanted = [*before, *after, *sorted_out.positions]
    events = snapshots_of(sorted(set(wanted)), personal=personal)
    events = {at: _seen(each, reviewer) for at, each in events.items() if sees_type(user, each.type)}
    if limit_reached(reviewer, now=now):
        events = {position: _veiled(each) for position, each in events.items()}
    return Content(
        texts=texts_of(detail, personal=personal, marks=telling.marks),
        speaks_for=telling.speaks_for,
        before=[_line(events[position]) for position in before if position in events],
        after=[_line(events[position]) for position in after if position in events],
        conversation=entity_link(conversation) if conversation else "",
        alike=Alike(len(found), sorted_out.counts, _likes(sorted_out.others, events)),
        group=Group(
            _likes(sorted_out.free, events), _likes(sorted_out.decided, events), more=sorted_out.more
        ),
        author=_author(refs.get(struck_field(kind)), personal=personal, now=now),
        reports=reports_panel(detail, personal=personal),
        known=known_texts_panel(detail, personal=personal, viewer=reviewer),
    )


def is_restricted(detail: EventDetail, case: Case | None) -> bool:
    """Whether a statement of reasons can be given: a verdict or the latest decision restricts the event."""
    if not event_type(detail.type).policies:
        return False
    if case is not None and case.state == Case.State.DECIDED:
        return case.action not in ("", ALLOW)
    decision = detail.decision.data if detail.decision else {"outcome": ALLOW}
    return decision["outcome"] not in (ALLOW, REVIEW) and not decision.get("held")


def became(
    kind: type[EventType], case: Case | None, outcome: str, *, is_retracted: bool = False
) -> tuple[str, str]:
    """What was decided on an event, in words, and the tone of its badge: a verdict before a decision."""
    if is_retracted:
        return "retracted", "warn"
    if case and case.state == Case.State.DECIDED:
        if case.action and case.policies:
            return f"verdict: {action_title(kind, case.action).lower()}", "bad"
        return case.verdict, "good" if case.verdict == kind.labels.negative else "bad"
    if case and case.state in (Case.State.OPEN, Case.State.CLAIMED):
        return "pending", "info"
    return (kind.outcome_title(outcome), outcome_tone(outcome)) if outcome else ("", "")


def texts_of(
    detail: EventDetail,
    *,
    personal: PersonalAccess,
    marks: Mapping[str, Sequence[tuple[int, int, float]]] = {},
) -> list[ShownText]:
    """The texts of an event, in order of declaration.

    They are what is moderated, so those who may know of personal values see them without a mask.
    """
    shown = []
    for name, field in event_type(detail.type).fields.items():
        if not isinstance(field, Text) or (name not in detail.fields and name not in detail.personal):
            continue
        title = field_words(name, field)
        if name in detail.personal and not personal.may_read:
            shown.append(ShownText(title, [], HIDDEN))
            continue
        text = _text_of(detail, name, field, personal=personal)
        parts = marked_parts(text, marks.get(name, ()))
        shown.append(ShownText(title, parts, "" if text else ERASED))
    return shown


def _text_of(detail: EventDetail, name: str, field: Text, *, personal: PersonalAccess) -> str:
    """A text; "" if it was erased. The name of a person, such as that of who appeals, is masked."""
    if name not in detail.personal:
        return str(detail.fields[name])
    value = detail.personal[name]
    if not value or not is_name(field):
        return value
    return personal.words(value, field, name=name, digest=vault.digest_of(name, value))


def _around(conversation: EntityRef | None, position: int) -> tuple[list[int], list[int]]:
    """What was said before and after, without reports and the like, which name a conversation too."""
    if conversation is None:
        return [], []
    before, after = neighbors_of(conversation.kind, conversation.value, position, each_way=LOOKED_AT)
    speaking = [kind.name for kind in event_types().values() if kind.conversation]
    found = Event.objects.filter(position__in=[*before, *after], type__in=speaking)
    said = set(found.values_list("position", flat=True))
    return (
        [each for each in before if each in said][-EACH_WAY:],
        [each for each in after if each in said][:EACH_WAY],
    )


def _seen_likes(found: Sequence[Likeness], user: Any) -> list[Likeness]:
    """Those of the near-duplicates whose event type the user sees."""
    if not is_limited(user):
        return list(found)
    events = Event.objects.filter(position__in=[each.position for each in found])
    seen = set(visible_to(events, user).values_list("position", flat=True))
    return [each for each in found if each.position in seen]


def _seen(event: Snapshot, viewer: str) -> Snapshot:
    """The event with its case as the viewer may see it."""
    return event._replace(case=seen_case(event.case, viewer)) if event.case else event


def _veiled(event: Snapshot) -> Snapshot:
    """The event without its text if its case is sensitive."""
    return event._replace(text="") if event.case and event.case.sensitive else event


class _SortedOut(NamedTuple):
    """Likes that one verdict can decide, `free` cases and those that software `decided`; the likest others.

    `more`: the group has more than `MAX_GROUP`. `counts`: how many of all became what, by frequency.
    """

    free: list[Likeness]
    decided: list[Likeness]
    others: list[Likeness]
    more: bool
    counts: list[tuple[str, int]]

    @property
    def positions(self) -> list[int]:
        return [each.position for each in (*self.free, *self.decided, *self.others)]


def _sort_out(
    found: Sequence[Likeness], kind: type[EventType], *, reviewer: str, now: datetime
) -> _SortedOut:
    positions = [each.position for each in found]
    cases, outcomes = Case.objects.in_bulk(positions), outcomes_of(positions)
    automatic = automatic_positions(positions, cases, outcomes, type_name=kind.name)
    open_ones = {each.pk for each in cases.values() if _is_open_to(reviewer, each, kind, now=now)}
    free = [each for each in found if each.position in open_ones]
    decided = [each for each in found if each.position in automatic]
    group = [*free, *decided][:MAX_GROUP]
    grouped = {each.position for each in group}
    counted = Counter(
        became(kind, cases.get(position), outcomes.get(position, ""))[0] or "not decided"
        for position in positions
    )
    return _SortedOut(
        free=free[:MAX_GROUP],
        decided=group[len(free) :],
        others=[each for each in found if each.position not in grouped][:MAX_ALIKE],
        more=len(free) + len(decided) > MAX_GROUP,
        counts=counted.most_common(),
    )


def _is_open_to(reviewer: str, case: Case, kind: type[EventType], *, now: datetime) -> bool:
    """Whether the reviewer may decide a case of this type: free, not escalated, not about their verdict."""
    known = case.quality_check == Case.Check.ADJUDICATION or (
        case.quality_check and case.decided_by == reviewer
    )
    may = case.escalated_at is None and case.not_for != reviewer and not known
    return may and case.event_type == kind.name and case.is_free(now)


def _likes(found: Iterable[Likeness], events: Mapping[int, Snapshot]) -> list[Line]:
    return [
        _line(events[each.position])._replace(likeness=each.words)
        for each in found
        if each.position in events
    ]


def _line(event: Snapshot) -> Line:
    words, tone = became(event_type(event.type), event.case, event.outcome, is_retracted=event.is_retracted)
    return Line(event, words, tone)


def struck_panel(ref: EntityRef, *, user: Any, personal: PersonalAccess, now: datetime) -> Author | None:
    """The panel of an entity that events seen by the user can give strikes; None for one of another kind."""
    seen = (kind for name, kind in event_types().items() if sees_type(user, name))
    kinds = {kind.fields[name].kind for kind in seen if (name := struck_field(kind))}
    return _author(ref, personal=personal, now=now) if ref.kind in kinds else None


def _author(ref: EntityRef | None, *, personal: PersonalAccess, now: datetime) -> Author | None:
    if ref is None:
        return None
    events = len(events_of_entity(ref.kind, ref.value, limit=MAX_COUNTED + 1))
    titles = [policy_titles(kind) for kind in event_types().values() if kind.strikes]
    return Author(
        words=entity_words(ref, personal=personal),
        title=ref.kind.replace("_", " ").capitalize(),
        link=entity_link(ref),
        events=min(events, MAX_COUNTED),
        capped=events > MAX_COUNTED,
        strikes=strikes_against(ref.kind, ref.value, now=now),
        policies={name: title for each in titles for name, title in each.items()},
    )
