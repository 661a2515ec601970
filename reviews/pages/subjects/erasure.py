"""The page that erases what is stored of an entity, with what that would delete."""

from typing import Any, NamedTuple

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from reviews.console.entity_index import EntityRef, entity_kinds, events_of_entity, find_entity
from reviews.erasure.erasing import (
    MAX_REASON_LENGTH,
    erase_subject,
    erased_counts,
    erasures_of,
    in_words,
    preview_erasure,
)
from reviews.errors import InvalidErasure, SubjectUnknown
from reviews.pages.event_panels import entity_link, entity_words, words_of_name
from scoring.admin_kit.pages import actor_of, register_page
from scoring.admin_kit.personal.revealing import PersonalPage
from scoring.log.entries import Entry

ERASE = "reviews.erase_subject"
MAX_EVENTS = 10_000  # of a subject that a request erases


class PastErasure(NamedTuple):
    """An erasure of the subject: its reason, who did it and when, and what was deleted."""

    entry: Entry
    who: str


@register_page
class ErasurePage(PersonalPage):
    """GET shows what an erasure of the entity would delete.

    POST deletes it; needs a `reason` and a non-empty `confirmed`; `with_shared` deletes what others have too.
    """

    path, name, title = "entities/erase/<str:kind>/<path:value>/", "erase_subject", "Erase personal data"
    permission = ERASE
    needs_all_types = True
    template_name = "reviews/erase.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        subject = _subject_or_404(kwargs["kind"], kwargs["value"])
        counted = len(events_of_entity(subject.kind, subject.value, limit=MAX_EVENTS + 1))
        return super().get_context_data(
            ref=subject,
            kind_words=words_of_name(subject.kind),
            words=entity_words(subject, personal=self.personal),
            back=entity_link(subject),
            found=_found(subject) if 0 < counted <= MAX_EVENTS else None,
            counted=counted,
            among=f"of {counted:,} event{'' if counted == 1 else 's'}",
            max_events=MAX_EVENTS,
            max_reason_length=MAX_REASON_LENGTH,
            past=[PastErasure(entry, _who(entry)) for entry in reversed(erasures_of(subject))],
            **kwargs,
        )

    def post(self, request: HttpRequest, *, kind: str, value: str) -> HttpResponse:
        subject = _subject_or_404(kind, value)
        if not request.POST.get("confirmed"):
            messages.error(request, "Nothing was erased: confirm that it cannot be undone.")
        elif len(events_of_entity(subject.kind, subject.value, limit=MAX_EVENTS + 1)) > MAX_EVENTS:
            messages.error(
                request, "Nothing was erased: there are too many events for a page; use the command."
            )
        else:
            self._erase(subject)
        return redirect(erasure_link(subject))

    def _erase(self, subject: EntityRef) -> None:
        post = self.request.POST
        try:
            entry = erase_subject(
                subject,
                reason=post.get("reason", ""),
                actor=actor_of(self.request),
                now=timezone.now(),
                with_shared=bool(post.get("with_shared")),
            )
        except (InvalidErasure, SubjectUnknown) as error:
            messages.error(self.request, f"Nothing was erased: {error}.")
        else:
            messages.success(self.request, f"Erased {in_words(entry.data)}.")


def erasure_link(ref: EntityRef) -> str:
    """The address of the page that erases an entity. Personal values appear as digests in it."""
    return reverse("admin:erase_subject", kwargs={"kind": ref.kind, "value": ref.value})


def _subject_or_404(kind: str, value: str) -> EntityRef:
    if kind not in entity_kinds():
        raise Http404(f"{kind} is no kind of entity; those are {', '.join(entity_kinds())}")
    return find_entity(kind, value)


def _found(subject: EntityRef) -> dict[str, Any]:
    """What an erasure would delete, and what it would leave to others."""
    data = preview_erasure(subject, now=timezone.now(), with_shared=True)
    return erased_counts(data.without_shared(), with_shared=False)


def _who(entry: Entry) -> str:
    actor = str(entry.metadata.get("actor", ""))
    return actor.partition("/")[2] or actor
