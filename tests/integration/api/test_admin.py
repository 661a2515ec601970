import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from scoring.admin_kit.change_lists import CappedPaginator
from scoring.api.models import ApiKey
from scoring.decisions.models import Decision
from scoring.intake.models import Event
from scoring.lanes.models import Pending
from scoring.log.models import LogEntry
from tests.factories.payments import payment_payload
from tests.integration.api.conftest import Api

PAGES = [
    "logentry",
    "event",
    "decision",
    "label",
    "pending",
    "route",
    "modelversion",
    "apikey",
    "exchangerate",
]
LABEL = {"event_type": "payment", "event_id": "T-1", "label": "fraud", "source": "chargeback"}


@pytest.fixture
def staff(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("admin", password="admin"))
    return client


@pytest.fixture
def filled(api: Api) -> None:
    payloads = [payment_payload(number) for number in range(60)]
    api.post("events", payloads, prefer="wait=0.01, on_timeout=fallback")
    api.post("labels", LABEL)


@pytest.mark.parametrize("page", PAGES)
def test_every_list_is_shown_with_few_queries(
    page: str, staff: Client, filled: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(10):
        assert staff.get(f"/admin/scoring/{page}/").status_code == 200


@pytest.mark.parametrize("page", [page for page in PAGES if page not in ("exchangerate", "apikey")])
def test_projections_of_the_log_cannot_be_added_by_hand(page: str, staff: Client) -> None:
    assert staff.get(f"/admin/scoring/{page}/add/").status_code == 403


def test_an_entry_is_shown_and_cannot_be_changed(staff: Client, filled: None) -> None:
    entry = LogEntry.objects.filter(type="event.received").first()
    assert entry is not None
    page = staff.get(f"/admin/scoring/logentry/{entry.position}/change/")
    assert page.status_code == 200
    assert entry.stream in page.content.decode()
    assert "_save" not in page.content.decode()
    assert staff.post(f"/admin/scoring/logentry/{entry.position}/change/").status_code == 403
    assert staff.post(f"/admin/scoring/logentry/{entry.position}/delete/").status_code == 403


@pytest.mark.parametrize(
    ("page", "term", "found"),
    [
        ("logentry", "payment/shop/T-1", 2),
        ("logentry", "payment/shop/T-", 0),
        ("event", "payment/shop/T-1", 1),
        ("decision", "payment/shop/T-1", 1),
        ("label", "payment/shop/T-1", 1),
        ("label", "payment/shop/T-2", 0),
    ],
)
def test_a_search_finds_the_whole_name(staff: Client, filled: None, page: str, term: str, found: int) -> None:
    response = staff.get(f"/admin/scoring/{page}/", {"q": term})
    assert response.context["cl"].result_count == found


def test_a_search_finds_a_position(staff: Client, filled: None) -> None:
    event = Event.objects.get(external_id="T-1")
    for page in ("logentry", "event", "decision"):
        response = staff.get(f"/admin/scoring/{page}/", {"q": str(event.position)})
        assert response.context["cl"].result_count == 1
    assert staff.get("/admin/scoring/logentry/", {"q": "9" * 30}).context["cl"].result_count == 0


def test_a_decision_names_its_event_and_links_to_it_for_users_who_may_open_it(filled: None) -> None:
    event = Event.objects.get(external_id="T-1")
    link = f'<a class="ws-link" href="/admin/scoring/event/{event.position}/change/">'
    user = User.objects.create_user("ana", is_staff=True)
    own = Permission.objects.filter(content_type__app_label="scoring")
    user.user_permissions.add(own.get(codename="view_decision"))
    client = Client()
    client.force_login(user)
    page = client.get("/admin/scoring/decision/", {"q": str(event.position)}).content.decode()
    assert ">T-1<" in page
    assert link not in page
    user.user_permissions.add(own.get(codename="view_event"))
    assert link in client.get("/admin/scoring/decision/", {"q": str(event.position)}).content.decode()


def test_a_decision_names_its_model_and_below_it_the_arm(staff: Client, filled: None) -> None:
    event = Event.objects.get(external_id="T-1")
    Decision.objects.filter(event_position=event.position).update(
        basis="model", model="payment-7", arm="canary", decided_by="model"
    )
    page = staff.get("/admin/scoring/decision/", {"q": str(event.position)}).content.decode()
    assert page.index("payment-7") < page.index('<span class="ws-num">canary</span>')


def test_a_decision_of_a_rule_names_the_rule_before_the_model_and_what_it_would_have_been(
    staff: Client, filled: None
) -> None:
    event = Event.objects.get(external_id="T-1")
    Decision.objects.filter(event_position=event.position).update(
        basis="model", model="payment-7", decided_by="rule", outcome="review", initial="block"
    )
    asked = {"q": str(event.position), "decided_by__exact": "rule"}
    page = staff.get("/admin/scoring/decision/", asked).content.decode()
    assert page.index(">rule</span>") < page.index('<span class="ws-num">payment-7</span>')
    assert "instead of block" in page
    assert (
        staff.get("/admin/scoring/decision/", {**asked, "decided_by__exact": "list"})
        .context["cl"]
        .result_count
        == 0
    )


def test_the_heading_of_a_row_is_its_exact_name(staff: Client, filled: None) -> None:
    event = Event.objects.get(external_id="T-1")
    page = staff.get(f"/admin/scoring/event/{event.position}/change/").content.decode()
    assert ">payment/shop/T-1</a>" in page
    assert ">Events</a>" in page


def test_parked_entries_are_listed_with_their_error(staff: Client, filled: None) -> None:
    row = Pending.objects.filter(event_stream="payment/shop/T-1", kind="event").get()
    Pending.objects.filter(position=row.position).update(state="parked", error="ValueError: poison\nmore")
    response = staff.get("/admin/scoring/pending/", {"state__exact": "parked"})
    assert response.context["cl"].result_count == 1
    assert "ValueError: poison" in response.content.decode()


def test_a_key_is_shown_by_its_prefix_alone(staff: Client, filled: None) -> None:
    key = ApiKey.objects.get()
    assert key.prefix in staff.get("/admin/scoring/apikey/").content.decode()
    page = staff.get(f"/admin/scoring/apikey/{key.digest}/change/", follow=True).content.decode()
    assert key.prefix in page
    assert f">{key.digest}<" not in page


@pytest.mark.parametrize("page", ["event", "decision", "label", "pending"])
def test_log_entries_are_links_for_users_who_may_open_them(filled: None, page: str) -> None:
    user = User.objects.create_user("ana", is_staff=True)
    own = Permission.objects.filter(content_type__app_label="scoring")
    user.user_permissions.add(own.get(codename=f"view_{page}"))
    client = Client()
    client.force_login(user)
    assert "/admin/scoring/logentry/" not in client.get(f"/admin/scoring/{page}/").content.decode()
    user.user_permissions.add(own.get(codename="view_logentry"))
    assert "/admin/scoring/logentry/" in client.get(f"/admin/scoring/{page}/").content.decode()


def test_rows_are_counted_up_to_a_limit(filled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scoring.admin_kit.change_lists.MAX_COUNTED", 20)
    assert CappedPaginator(Event.objects.order_by("-position"), 10).count == 20
