"""The public page of an appeal, by a signed link: it shows the sender's reference and the outcome only."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from reviews.appeals.errors import (
    AppealLinkExpired,
    AppealLinkInvalid,
    AppealRefused,
    NotAppealable,
    NothingToAppeal,
    TooManyAppeals,
    TooManyTries,
)
from reviews.appeals.filing import MAX_NAME, MAX_TEXT, file_appeal, require_appeals
from reviews.appeals.following import appeal_of
from reviews.appeals.links import AppealLink, read_link
from reviews.appeals.tries import count_try
from scoring.api.client_address import client_address
from scoring.catalog.registry import event_type
from scoring.event_types.appeal_parties import PARTIES
from scoring.intake.errors import EventNotFound
from scoring.log.read import read_stream

PARTY_TITLES = {
    "affected": "I am affected by the decision",
    "representative": "I act for the person affected",
    "cardholder_bank": "I write for the cardholder's bank",
    "rights_holder": "My rights are concerned",
    "authority": "I write for an authority",
    "other": "Other",
}
STATUS_WORDS = {
    "pending": "Your appeal was received. A person who did not make the decision will look at it.",
    "upheld": "A person looked at your appeal. The decision stands.",
    "reduced": "A person looked at your appeal. The decision was replaced by a milder one.",
    "overturned": "A person looked at your appeal. The decision was overturned.",
    "withdrawn": "This appeal was withdrawn.",
}
REFUSALS: dict[type[Exception], int] = {
    AppealLinkInvalid: 404,
    EventNotFound: 404,
    NotAppealable: 404,
    AppealLinkExpired: 410,
    NothingToAppeal: 409,
    TooManyAppeals: 409,
    TooManyTries: 429,
}


@method_decorator(never_cache, name="dispatch")
class AppealPage(View):
    """Files an appeal once, and says how it stands afterwards."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            count_try(client_address(request))
            response = super().dispatch(request, *args, **kwargs)
        except tuple(REFUSALS) as error:
            response = _page(request, {"refused": _sentence(error)}, status=REFUSALS[type(error)])
            if isinstance(error, TooManyTries):
                response.headers["Retry-After"] = str(error.wait)
        response.headers["Referrer-Policy"] = "no-referrer"  # the address is the key to the page
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        link = read_link(token, now=timezone.now())
        return _page(request, _context(link))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        now = timezone.now()
        link = read_link(token, now=now)
        sent = {name: request.POST.get(name, "") for name in ("party", "party_name", "text")}
        try:
            file_appeal(link, **sent, now=now)
        except AppealRefused as error:
            return _page(request, _context(link) | {"sent": sent, "problem": error}, status=422)
        return _page(request, _context(link))


def _context(link: AppealLink) -> dict[str, Any]:
    """What the page shows: the sender's reference, and how the appeal stands if it was filed."""
    type_name, source, reference = link.event_stream.split("/", 2)
    kind = event_type(type_name)
    appeals = require_appeals(kind)
    filed = appeal_of(f"{appeals.name}/{source}/{link.appeal_id}")
    received = read_stream(link.event_stream)
    return {
        "reference": reference,
        "noun": kind.noun_of(received[0].data["fields"]) if received else kind.name,
        "expires_at": link.expires_at,
        "filed": filed,
        "status_words": STATUS_WORDS[filed.status] if filed else "",
        "parties": [(name, PARTY_TITLES[name]) for name in PARTIES],
        "max_name": MAX_NAME,
        "max_text": MAX_TEXT,
    }


def _page(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return render(request, "reviews/appeal.html", context, status=status)


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[0].upper()}{text[1:]}."
