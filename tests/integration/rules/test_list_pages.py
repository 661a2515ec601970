"""The pages of lists: what each group sees and changes, and what is said when it cannot be."""

import csv
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from scoring.rules.lists.changing.defining import archive_list
from scoring.rules.lists.models import ListedValue, ListImport, ListImportPart, ValueList
from tests.factories.lists import ANA, defined, listed

pytestmark = pytest.mark.django_db

PAGE = "/admin/lists/stolen_cards/"


def client_of(group: str, name: str = "") -> Client:
    user = User.objects.create_user(name or group.replace(" ", "-"), is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def analyst() -> Client:
    return client_of("analyst", "ana")


@pytest.fixture
def lead() -> Client:
    return client_of("lead", "lea")


def now_listed(name: str, *values: str, **given: Any) -> None:
    listed(name, *values, now=timezone.now(), **given)


def live(name: str = "stolen_cards") -> set[str]:
    rows = ListedValue.objects.filter(list_name=name, removed_version=None)
    return set(rows.values_list("value", flat=True))


def test_without_a_list_the_page_says_what_lists_are_and_who_defines_them(
    analyst: Client, lead: Client
) -> None:
    assert "A lead can define the first one" in analyst.get("/admin/lists/").content.decode()
    assert "New list" in lead.get("/admin/lists/").content.decode()


def test_a_lead_defines_and_edits_a_list(lead: Client) -> None:
    fields = {
        "title": "Stolen cards",
        "name": "stolen_cards",
        "action": "block",
        "kind": "card",
        "match": "value",
    }
    response = lead.post("/admin/lists/new/", fields, follow=True)
    assert response.redirect_chain[-1][0] == PAGE
    assert "Nothing is on this list yet" in response.content.decode()

    lead.post(f"{PAGE}edit/", {**fields, "title": "Lost cards", "code": "LOST"})
    row = ValueList.objects.get()
    assert (row.title, row.code, row.changed_by) == ("Lost cards", "LOST", "user/lea")


def test_a_bad_definition_is_refused_at_its_fields(lead: Client) -> None:
    defined()
    fields = {"title": "Again", "name": "stolen_cards", "action": "block", "kind": "ip", "match": "domain"}
    response = lead.post("/admin/lists/new/", fields)
    text = response.content.decode()
    assert response.status_code == 422
    assert "is taken by the list" in text
    assert "&#x27;domain&#x27; does not fit IP address; allowed: value, network, sha256." in text


def test_an_analyst_adds_values_and_removes_only_their_own(analyst: Client, lead: Client) -> None:
    defined()
    lead.post(PAGE, {"action": "add", "values": "c-9", "reason": "stolen", "days": ""})
    response = analyst.post(
        PAGE,
        {"action": "add", "values": "c-1\n c-2 \n", "reason": "chargeback", "days": "30", "tags": "ring-7"},
        follow=True,
    )
    assert "2 values added. From the next event on they hit." in response.content.decode()
    row = ListedValue.objects.get(value="c-2")
    assert (row.added_by, row.reason, row.tags) == ("user/ana", "chargeback", ["ring-7"])
    assert row.expires_at is not None
    assert timedelta(days=29) < row.expires_at - timezone.now() < timedelta(days=30)

    other = ListedValue.objects.get(value="c-9")
    assert analyst.post(PAGE, {"action": "remove", "row": other.pk, "reason": "x"}).status_code == 403
    assert analyst.post(PAGE, {"action": "extend", "row": other.pk, "days": "1"}).status_code == 403
    analyst.post(PAGE, {"action": "remove", "row": row.pk, "reason": "typing error"})
    assert live() == {"c-1", "c-9"}
    lead.post(PAGE, {"action": "remove", "row": other.pk, "reason": "found again"})
    assert live() == {"c-1"}


def test_an_analyst_replaces_only_their_own_values(analyst: Client, lead: Client) -> None:
    defined()
    lead.post(PAGE, {"action": "add", "values": "c-9", "reason": "stolen", "days": ""})
    again = {"action": "add", "values": "c-1\nc-9", "reason": "harmless", "days": "1", "replace": "1"}
    refused = analyst.post(PAGE, again)
    assert refused.status_code == 422
    assert "line 2, value" in refused.content.decode().lower()
    assert "was listed by lea" in refused.content.decode()
    from_a_case = {"entity": "card:c-9", "list": "stolen_cards", "reason": "harmless", "days": "1"}
    answer = analyst.post("/admin/entities/list/", from_a_case, follow=True)
    assert "was listed by lea" in answer.content.decode()
    assert [(row.value, row.reason, row.expires_at) for row in ListedValue.objects.all()] == [
        ("c-9", "stolen", None)
    ]
    analyst.post(PAGE, again | {"values": "c-1"})
    analyst.post(PAGE, again | {"values": "c-1", "reason": "seen again"})
    lead.post(PAGE, again | {"values": "c-1", "reason": "checked"})
    assert ListedValue.objects.get(value="c-1", removed_version=None).reason == "checked"


def test_a_file_replaces_values_only_for_users_who_may_change_any() -> None:
    defined()
    importer = User.objects.create_user("ida", is_staff=True)
    allowed = ("view_valuelist", "import_listedvalue")
    importer.user_permissions.set(Permission.objects.filter(codename__in=allowed))
    client = Client()
    client.force_login(importer)

    def upload(**more: str) -> int:
        file = SimpleUploadedFile("cards.csv", b"value,reason\nc-1,stolen\n")
        return client.post(f"{PAGE}import/", {"file": file, **more}).status_code

    assert (upload(replace="1"), upload()) == (403, 302)


def test_an_analyst_changes_no_list_that_allows_events(analyst: Client, lead: Client) -> None:
    defined("trusted_cards", action="allow")
    page, add = "/admin/lists/trusted_cards/", {"action": "add", "values": "c-1", "reason": "a friend"}
    shown = analyst.get(page).content.decode()
    assert "This list lets events through, whatever rules and models say." in shown
    assert "Add to list" not in shown
    assert analyst.post(page, add | {"days": "1"}).status_code == 403
    from_a_case = {"entity": "card:c-1", "list": "trusted_cards", "reason": "a friend", "days": "1"}
    answer = analyst.post("/admin/entities/list/", from_a_case, follow=True)
    assert "you may not change lists that do" in answer.content.decode()
    assert live("trusted_cards") == set()

    lead.post(page, add | {"days": "1"})
    assert live("trusted_cards") == {"c-1"}
    own = ListedValue.objects.get()
    ListedValue.objects.update(added_by="user/ana")
    assert analyst.post(page, {"action": "extend", "row": own.pk, "days": ""}).status_code == 403


def test_who_may_define_lists_but_not_allow_events_makes_no_allow_list() -> None:
    defined("trusted_cards", action="allow")
    user = User.objects.create_user("dan", is_staff=True)
    allowed = ("view_valuelist", "change_valuelist", "import_listedvalue")
    user.user_permissions.set(Permission.objects.filter(codename__in=allowed))
    client = Client()
    client.force_login(user)
    defined()
    fields = {"title": "Stolen cards", "name": "stolen_cards", "kind": "card", "match": "value"}
    refused = client.post(f"{PAGE}edit/", fields | {"action": "allow"})
    assert refused.status_code == 422
    assert "You lack the permission to define lists that allow events" in refused.content.decode()
    assert client.post(f"{PAGE}edit/", fields | {"action": "watch"}).status_code == 302
    assert ValueList.objects.get(name="stolen_cards").action == "watch"
    assert client.get("/admin/lists/trusted_cards/import/").status_code == 403
    file = SimpleUploadedFile("cards.csv", b"value,reason\nc-1,friend\n")
    assert client.post("/admin/lists/trusted_cards/import/", {"file": file}).status_code == 403
    assert not ListImport.objects.exists()


@pytest.mark.parametrize("days", ["9" * 5_000, "0000011", "1000000000000"])
def test_numbers_of_days_without_sense_are_refused(analyst: Client, days: str) -> None:
    defined()
    refused = analyst.post(PAGE, {"action": "add", "values": "c-1", "reason": "stolen", "days": days})
    assert refused.status_code == 422
    assert "is not a number of days" in refused.content.decode()


def test_bad_lines_are_named_and_what_was_typed_stays(analyst: Client) -> None:
    defined()
    response = analyst.post(
        PAGE, {"action": "add", "values": "c-1\n4111111111111111", "reason": "typed", "days": ""}
    )
    text = response.content.decode()
    assert response.status_code == 422
    assert "Line 2, value" in text
    assert "contains a card number" in text
    assert "c-1\n4111111111111111" in text
    assert live() == set()


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"values": " "}, "are missing; allowed: one value a line."),
        ({"days": "soon"}, "&#x27;soon&#x27; is not a number of days"),
        ({"day": "31.12.2026"}, "is not a date; allowed: a date such as 2026-12-31."),
        ({"day": "2020-01-01"}, "which has passed"),
        ({"values": "\n".join(map(str, range(1001)))}, "1,001 lines; allowed: at most 1,000; import a file."),
    ],
)
def test_every_problem_says_what_is_allowed(analyst: Client, fields: dict[str, str], problem: str) -> None:
    defined()
    response = analyst.post(PAGE, {"action": "add", "values": "c-1", "reason": "test", "days": "7"} | fields)
    assert response.status_code == 422
    assert problem in response.content.decode()
    assert live() == set()


def test_the_end_of_selected_values_changes(lead: Client) -> None:
    defined()
    now_listed("stolen_cards", "c-1", "c-2")
    rows = list(ListedValue.objects.values_list("pk", flat=True))
    response = lead.post(PAGE, {"action": "extend", "row": rows, "days": "7"}, follow=True)
    assert "2 values changed to hold until" in response.content.decode()
    assert all(row.expires_at for row in ListedValue.objects.filter(removed_version=None))
    assert lead.post(PAGE, {"action": "extend", "days": "7"}).status_code == 422


def test_values_are_found_and_filtered_by_state(analyst: Client) -> None:
    defined()
    now = timezone.now()
    listed("stolen_cards", "c-old", now=now - timedelta(days=2), until=now - timedelta(days=1))
    now_listed("stolen_cards", "c-1")
    assert "c-old" not in analyst.get(PAGE).content.decode()
    assert "c-old" in analyst.get(PAGE, {"show": "expired"}).content.decode()
    assert "c-old" in analyst.get(PAGE, {"q": "c-old"}).content.decode()
    assert "is not on this list and never was" in analyst.get(PAGE, {"q": "c-7"}).content.decode()


def test_an_address_finds_the_networks_that_hold_it(analyst: Client) -> None:
    defined("networks", kind="ip", match="network")
    now_listed("networks", "203.0.113.0/24", "198.51.100.0/24")
    text = analyst.get("/admin/lists/networks/", {"q": "203.0.113.9"}).content.decode()
    assert "203.0.113.0/24" in text
    assert "198.51.100.0/24" not in text.split("<tbody>")[1]


def test_personal_values_are_shown_only_to_those_who_may_see_them(analyst: Client) -> None:
    defined("addresses", kind="ip")
    now_listed("addresses", "203.0.113.7")
    auditor = client_of("auditor")
    assert b"203.0.113.x" in analyst.get("/admin/lists/addresses/").content
    assert b"hidden" in b"".join(analyst.get("/admin/lists/addresses/export/"))
    User.objects.get(username="ana").user_permissions.add(Permission.objects.get(codename="see_personal"))
    for address in ("/admin/lists/addresses/", "/admin/lists/addresses/export/"):
        assert b"203.0.113.7" in b"".join(analyst.get(address)), address
        seen = b"".join(auditor.get(address)).split(b"reason")[-1] + b"".join(auditor.get(address))
        assert b"hidden" in seen, address
    assert "203.0.113.7" not in b"".join(auditor.get("/admin/lists/addresses/export/")).decode()


def test_pages_of_values_lead_to_older_ones(analyst: Client, django_assert_max_num_queries: Any) -> None:
    defined()
    now_listed("stolen_cards", *(f"c-{number}" for number in range(120)))
    with django_assert_max_num_queries(16):
        first = analyst.get(PAGE)
    assert len(first.context["lines"]) == 50
    second = analyst.get(PAGE + first.context["older"])
    assert second.context["lines"][0].row.value == "c-69"
    assert analyst.get(PAGE + second.context["older"]).context["older"] == ""


def test_a_lead_archives_and_restores_a_list(lead: Client, analyst: Client) -> None:
    defined()
    assert analyst.post(PAGE, {"action": "archive", "reason": "x"}).status_code == 403
    assert lead.post(PAGE, {"action": "archive", "reason": ""}).status_code == 422
    lead.post(PAGE, {"action": "archive", "reason": "unused"})
    assert "This list is archived" in analyst.get(PAGE).content.decode()
    response = analyst.post(PAGE, {"action": "add", "values": "c-1", "reason": "x", "days": ""}, follow=True)
    assert "is archived; restore it" in response.content.decode()
    assert "Archived lists (1)" in lead.get("/admin/lists/").content.decode()
    lead.post(PAGE, {"action": "restore"})
    assert not ValueList.objects.get().is_archived


def test_the_overview_counts_what_holds_and_what_ends_soon(analyst: Client) -> None:
    defined()
    now = timezone.now()
    listed("stolen_cards", "c-1", now=now - timedelta(days=2), until=now - timedelta(days=1))
    now_listed("stolen_cards", "c-2", "c-3")
    now_listed("stolen_cards", "c-4", until=now + timedelta(days=3))
    [line] = analyst.get("/admin/lists/").context["open_lists"]
    assert (line.live, line.expired, line.soon) == (3, 1, 1)


def test_an_unknown_list_and_an_unknown_action_are_refused(lead: Client) -> None:
    assert lead.get(PAGE).status_code == 404
    defined()
    assert lead.post(PAGE, {"action": "burn"}).status_code == 400


def test_an_export_can_be_imported_again(lead: Client) -> None:
    defined()
    defined("copy", is_new=True)
    now_listed("stolen_cards", "=c-1", "c-2", until=timezone.now() + timedelta(days=3))
    text = b"".join(lead.get(f"{PAGE}export/")).decode()
    assert [row["value"] for row in csv.DictReader(text.splitlines())] == ["'=c-1", "c-2"]
    file = SimpleUploadedFile("export.csv", text.encode())
    status = lead.post("/admin/lists/copy/import/", {"file": file, "days": ""}, follow=True)
    assert "Add 2 values" in status.content.decode()
    number = ListImport.objects.get().number
    lead.post(reverse("admin:list_import_status", args=[number]), {"action": "add"})
    assert live("copy") == {"=c-1", "c-2"}


def test_a_file_is_previewed_then_added_and_its_rejects_come_back(lead: Client, analyst: Client) -> None:
    defined()
    now_listed("stolen_cards", "c-1")
    text = "Value;Reason;Expires at;Tags\nc-1;;;\nc-2;lost;2099-12-31;a b\n;lost;;\nc-3;;yesterday;\nc-2;;;\n"
    fields = {
        "file": SimpleUploadedFile("cards.csv", text.encode("utf-8-sig")),
        "reason": "file",
        "days": "30",
    }
    assert analyst.post(f"{PAGE}import/", fields).status_code == 403
    fields["file"].seek(0)
    response = lead.post(f"{PAGE}import/", fields, follow=True)
    page = response.redirect_chain[-1][0]
    row = ListImport.objects.get()
    assert (row.state, row.lines, row.new, row.unchanged, row.repeated, row.rejected) == (
        "checked",
        5,
        1,
        1,
        1,
        2,
    )
    assert live() == {"c-1"}
    rejects = list(csv.DictReader(b"".join(lead.get(f"{page}?rejects")).decode().splitlines()))
    assert [(each["reject_line"], each["value"]) for each in rejects] == [("4", ""), ("5", "c-3")]
    assert "is not a time" in rejects[1]["reject_reason"]

    response = lead.post(page, {"action": "add"}, follow=True)
    assert live() == {"c-1", "c-2"}
    added = ListedValue.objects.get(value="c-2")
    assert (added.reason, added.tags, added.added_by) == ("lost", ["a", "b"], "user/lea")
    assert added.expires_at is not None
    assert added.expires_at.isoformat() == "2100-01-01T00:00:00+00:00"
    assert not ListImportPart.objects.filter(what="file").exists()
    assert "cannot be added" in lead.post(page, {"action": "add"}, follow=True).content.decode()


def test_a_discarded_file_adds_nothing(lead: Client) -> None:
    defined()
    lead.post(
        f"{PAGE}import/", {"file": SimpleUploadedFile("a.csv", b"value\nc-1\n"), "reason": "x", "days": ""}
    )
    number = ListImport.objects.get().number
    lead.post(reverse("admin:list_import_status", args=[number]), {"action": "discard"})
    assert live() == set()
    assert not ListImportPart.objects.exists()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"card,reason\nc-1,x\n", "has no column value (its first line has card, reason)"),
        (b"", "has no column value (its first line has nothing)"),
        (b"value,value\nc-1,x\n", "has 2 columns value"),
        ("value,reason\nc-1,x\n".encode("utf-16"), "is not text in UTF-8; save it as CSV in UTF-8"),
        (bytes(range(256)) * 9, "is not text in UTF-8"),
        (b'value\nc-1\n"c-2\n' + b"c-3\n" * 6_000, "has no end of the row before line 5"),
        (b"value\n" + b"x" * 140_000, "close the quotes"),
    ],
)
def test_a_file_that_is_not_a_list_is_refused_with_what_is_needed(
    lead: Client, content: bytes, problem: str
) -> None:
    defined()
    file = SimpleUploadedFile("a.csv", content)
    response = lead.post(f"{PAGE}import/", {"file": file, "reason": "x", "days": ""}, follow=True)
    text = response.content.decode()
    assert problem in text or "empty" in text
    assert not ListImport.objects.filter(state="checked").exists()


def test_an_archived_list_takes_no_file(lead: Client) -> None:
    defined()
    archive_list(name="stolen_cards", reason="x", actor=ANA, now=timezone.now())
    file = SimpleUploadedFile("a.csv", b"value\nc-1\n")
    response = lead.post(f"{PAGE}import/", {"file": file, "reason": "x", "days": ""})
    assert "is archived" in response.content.decode()
    assert not ListImport.objects.exists()
