"""Admin pages to create an API key (shown once), view it and revoke it."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.api.keys.errors import ApiKeyAlreadyRevoked, InvalidKeyRequest
from scoring.api.keys.issue import create_key, revoke_key
from scoring.api.keys.requests import FOR_KEYS
from scoring.api.models import ApiKey
from scoring.catalog.registry import event_types
from scoring.intake.senders import known_senders, register_senders
from scoring.log.read import read_stream

CREATE, REVOKE = "scoring.add_apikey", "scoring.change_apikey"

# Plain descriptions of scopes and label sources.
SCOPE_WORDS = {
    "events:write": ("Send events", "submit, correct and retract them; the response contains the decisions"),
    "events:read": ("Read events", "those of its sender, with decisions and labels"),
    "explanations:read": (
        "Read explanations",
        "everything behind the decisions on its sender's events: text of rules, authors, log entries",
    ),
    "simulations:run": (
        "Simulate events",
        "decide them without recording anything; the response tells lists, rules and thresholds",
    ),
    "labels:write": (
        "Record labels",
        "state what an event turned out to be, for the label sources selected below",
    ),
    "labels:read": ("Read held labels", "those of its sender whose event has not arrived yet"),
    "monitoring:read": (
        "Read monitoring",
        "the drift of models, with what senders changed, and firing alerts; of all senders",
    ),
}
LABEL_SOURCE_WORDS = {
    "chargeback": ("Chargebacks", "disputes reported by the acquirer"),
    "network": ("Network reports", "fraud reported by a card network"),
    "customer": ("Customers", "reports by the customers themselves"),
}
LIFETIMES = {"30": "30 days", "90": "90 days", "365": "1 year", "730": "2 years", "": "No expiry"}

# The form field for each field that `create_key` may refuse.
FIELD_OF = {
    "name": "name",
    "source": "source",
    "scope": "scopes",
    "label source": "other_label_sources",
    "event type": "event_types",
    "client address": "networks",
    "expiry": "lifetime",
    "outcome": "media_pending_outcome",
}


AS_THE_TYPE_SAYS, AT_ONCE = "", "at once"
# What a choice of the form means for the key, where it is not an outcome.
PENDING_OUTCOMES: dict[str, str | None] = {AS_THE_TYPE_SAYS: None, AT_ONCE: ""}


def pending_outcomes() -> list[tuple[str, str]]:
    """The choices for events whose media are pending: what is less than a block, of any event type."""
    outcomes = dict.fromkeys(name for kind in event_types().values() for name in kind.outcomes)
    return [
        (AS_THE_TYPE_SAYS, "As the event type says"),
        (AT_ONCE, "Decide on what is known"),
        *((name, f"At least {name}") for name in outcomes if name != "allow"),
    ]


class KeyForm(forms.Form):
    """The sender of a new key, its scopes, networks and lifetime."""

    name = forms.CharField(
        label="Name", max_length=100, help_text="For people to recognize it, such as “web shop, production”."
    )
    source = forms.CharField(
        label="Sender",
        max_length=60,
        help_text="The source of every event sent with this key. Keys of the same sender share its events.",
        widget=forms.TextInput(attrs={"list": "senders", "autocomplete": "off", "spellcheck": "false"}),
    )
    scopes = forms.MultipleChoiceField(
        label="Scopes", choices=[(name, name) for name in SCOPE_WORDS], initial=["events:write"]
    )
    label_sources = forms.MultipleChoiceField(
        label="Label sources", choices=[(name, name) for name in FOR_KEYS], required=False
    )
    other_label_sources = forms.CharField(
        label="Other label sources",
        required=False,
        max_length=500,
        help_text="Separated by commas; they rank after the ones above. If no source is selected or entered,"
        " the sender's own name is the source. Verdicts are recorded by reviewers only: no key has the source"
        " review.",
    )
    event_types = forms.MultipleChoiceField(
        label="Event types", choices=lambda: [(name, name) for name in event_types()], required=False
    )
    networks = forms.CharField(
        label="Client addresses",
        required=False,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text="Addresses or networks (192.0.2.0/24), one per line. If empty, any address is accepted.",
    )
    media_pending_outcome = forms.ChoiceField(
        label="Until pictures and videos are processed",
        choices=pending_outcomes,
        required=False,
        initial=AS_THE_TYPE_SAYS,
        help_text="What events get at least while files that they name are still being processed.",
    )
    lifetime = forms.ChoiceField(
        label="Valid for", choices=list(LIFETIMES.items()), initial="365", required=False
    )

    def request(self) -> dict[str, Any]:
        """The valid form as arguments of `create_key`, except the time and the actor."""
        chosen = self.cleaned_data
        others = [part.strip() for part in chosen["other_label_sources"].split(",") if part.strip()]
        days = chosen["lifetime"]
        return {
            "name": chosen["name"],
            "source": chosen["source"],
            "scopes": chosen["scopes"],
            "label_sources": [*chosen["label_sources"], *others] or None,
            "event_types": chosen["event_types"],
            "networks": chosen["networks"].replace(",", " ").split(),
            "expires_at": timezone.now() + timedelta(days=int(days)) if days else None,
            "media_pending_outcome": PENDING_OUTCOMES.get(
                chosen["media_pending_outcome"], chosen["media_pending_outcome"]
            ),
        }


@register_page
@method_decorator(never_cache, name="dispatch")
class KeyCreatePage(AdminPage):
    """The form for a new key; shows the key once after creating it."""

    path, name, title = "api-keys/new/", "api_key_new", "New API key"
    permission = CREATE
    needs_all_types = True
    template_name = "scoring/key_new.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **{"form": KeyForm()} | kwargs,
            senders=known_senders(),
            scope_words=SCOPE_WORDS,
            label_source_words=LABEL_SOURCE_WORDS,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        form = KeyForm(request.POST)
        if form.is_valid():
            try:
                row, key = create_key(**form.request(), now=timezone.now(), actor=actor_of(request))
            except InvalidKeyRequest as error:
                form.add_error(
                    FIELD_OF[error.field], f"{error.value!r} is not valid; allowed: {error.allowed}."
                )
            else:
                return self.render_to_response(self.get_context_data(created=row, key=key))
        return self.render_to_response(self.get_context_data(form=form))


@register_page
class KeyPage(AdminPage):
    """One key: its scopes, last use and history."""

    path, name = "api-keys/<str:prefix>/", "api_key"
    permission = "scoring.view_apikey"
    needs_all_types = True
    template_name = "scoring/key.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = find_key(self.kwargs["prefix"])
        self.title = f"API key {row.name}"
        return super().get_context_data(
            **kwargs,
            row=row,
            state=row.state(timezone.now()),
            scopes=[SCOPE_WORDS[scope] for scope in SCOPE_WORDS if scope in row.scopes],
            history=read_stream(f"api_key/{row.prefix}"),
            may_revoke=self.request.user.has_perm(REVOKE) and not row.revoked_at,
            may_read_log=self.request.user.has_perm("scoring.view_logentry"),
        )

    def post(self, request: HttpRequest, prefix: str) -> HttpResponse:
        self.require(REVOKE)
        if not request.POST.get("sure"):
            messages.error(request, "The key was not revoked. Check the box to confirm.")
            return redirect("admin:api_key", prefix=find_key(prefix).prefix)
        try:
            row = revoke_key(prefix=find_key(prefix).prefix, now=timezone.now(), actor=actor_of(request))
        except ApiKeyAlreadyRevoked as error:
            messages.warning(request, f"Nothing changed: {error}.")
        else:
            messages.success(request, f"The key {row.prefix}… was revoked. Requests with it are now refused.")
        return redirect("admin:api_key", prefix=prefix)


@register_senders
def senders_with_a_key() -> Iterable[str]:
    return ApiKey.objects.values_list("source", flat=True)


def find_key(prefix: str) -> ApiKey:
    """The key with this prefix. Raises Http404."""
    row = ApiKey.objects.filter(prefix=prefix).first()
    if row is None:
        raise Http404
    return row
