"""The items of a hash bank as its page shows them: found, filtered and in words."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.db.models import IntegerField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.urls import reverse

from scoring.catalog.errors import FieldError
from scoring.intake.models import Event
from scoring.rules.banks.changing.pdq_hashes import parse_hash
from scoring.rules.banks.matches import MAX_COUNTED, MatchesOfItem, matches_of_items
from scoring.rules.banks.models import Bank, BankItem, BankMatch, bits_of_hex
from scoring.rules.banks.pages.words import shortened_hash, video_words
from scoring.rules.lists.pages.rows import EXPIRED, LIVE, REMOVED, conditions_of, person

ROWS = 50
LATEST = 12  # matches of a bank
MEDIA_KIND = "media"  # the kind of the entities that uploaded files are
VIEW_FILE = "scoring.view_mediaitem"

Link = Callable[[str], str]


class ItemRow(NamedTuple):
    """An item: its hash in short or that it is a video, its matches ("" for none), and its file's page.

    `apart`: how many bits it differs by from the hash that was searched; None without such a search.
    """

    row: BankItem
    hash: str
    state: str
    apart: int | None
    matches: str
    matched_at: datetime | None
    media_link: str
    added_by: str
    removed_by: str


class MatchRow(NamedTuple):
    """A file that a bank matched, with its event."""

    match: BankMatch
    event: Event | None
    media: str
    media_link: str


def items_in_state(bank: str, state: str, *, now: datetime) -> QuerySet[BankItem]:
    """The items of a bank that hold, have expired, or were removed."""
    return BankItem.objects.filter(conditions_of(now)[state], bank_name=bank)


def find_items(bank: Bank, text: str) -> QuerySet[BankItem]:
    """Every row, removed ones too, with this source or tag; of a hash, those within the bank's distance."""
    of_bank = BankItem.objects.filter(bank_name=bank.name)
    try:
        bits = bits_of_hex(parse_hash(text))
    except FieldError:
        return of_bank.filter(Q(source__iexact=text) | Q(tags__contains=[text.lower()]))
    apart = RawSQL("bit_count(hash # %s::varbit)", [bits], output_field=IntegerField())
    near = (
        Q(frames="", apart__lte=bank.distance)
        | Q(media=text.lower())
        | Q(frames__contains=text.strip().lower())
    )
    return of_bank.annotate(apart=apart).filter(near)


def shown_items(rows: Iterable[BankItem], *, link: Link, now: datetime) -> list[ItemRow]:
    """Rows as the page shows them; one query for what they matched. `link`: to the page of a file."""
    found = list(rows)
    matches = matches_of_items([row.pk for row in found])
    return [_shown(row, matches.get(row.pk), link, now) for row in found]


def latest_matches(bank: str, *, link: Link) -> list[MatchRow]:
    """The last files that the bank matched, each with its event; in two queries."""
    found = list(BankMatch.objects.filter(bank_name=bank).order_by("-decided_at")[:LATEST])
    events = Event.objects.in_bulk({match.event_position for match in found})
    return [
        MatchRow(match, events.get(match.event_position), shortened_hash(match.media), link(match.media))
        for match in found
    ]


def link_of_files(user: AbstractUser | AnonymousUser) -> Link:
    """Gives the page of an uploaded file ("" for none); of its events if the user may see no files."""
    may_view = user.has_perm(VIEW_FILE)

    def link(media: str) -> str:
        if not media:
            return ""
        events = f"{reverse('admin:entities')}?{urlencode({'kind': MEDIA_KIND, 'value': media})}"
        return reverse("admin:media", args=[media]) if may_view else events

    return link


def _shown(row: BankItem, matches: MatchesOfItem | None, link: Link, now: datetime) -> ItemRow:
    state = REMOVED if row.removed_version is not None else EXPIRED if row.is_expired(now) else LIVE
    return ItemRow(
        row,
        f"Video, {video_words(row.frame_lines)}" if row.is_video else shortened_hash(row.hex),
        state,
        getattr(row, "apart", None),
        _count_words(matches.matches) if matches else "",
        matches.latest if matches else None,
        link(row.media),
        person(row.added_by),
        person(row.removed_by),
    )


def _count_words(matches: int) -> str:
    return f"{matches:,} or more" if matches >= MAX_COUNTED else f"{matches:,}"
