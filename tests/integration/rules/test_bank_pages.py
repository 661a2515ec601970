"""The pages of hash banks: what each group sees and changes, and what is said when it cannot be."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from scoring.content.media.models import MediaItem
from scoring.rules.banks.changing.adding import add_items
from scoring.rules.banks.changing.defining import archive_bank
from scoring.rules.banks.changing.items import NewItem
from scoring.rules.banks.models import Bank, BankItem, BankMatch
from scoring.rules.lists.models import ListImport
from tests.factories.banks import ANA, banked, defined_bank, differing, pdq, picture, video
from tests.factories.lists import defined
from tests.integration.rules.test_list_pages import client_of

pytestmark = pytest.mark.django_db

PAGE = "/admin/banks/known_abuse/"
ONE, TWO, THREE = pdq(1), pdq(2), pdq(3)


@pytest.fixture
def analyst() -> Client:
    return client_of("analyst", "ana")


@pytest.fixture
def lead() -> Client:
    return client_of("lead", "lea")


def now_banked(*hashes: str, **given: Any) -> None:
    banked("known_abuse", *hashes, now=timezone.now(), **given)


def live() -> set[str]:
    return {row.hex for row in BankItem.objects.filter(removed_version=None)}


def text_of(client: Client, path: str = PAGE) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_without_a_bank_the_page_says_what_banks_are_and_who_defines_them(
    analyst: Client, lead: Client
) -> None:
    assert "A lead can define the first one" in text_of(analyst, "/admin/banks/")
    assert "New hash bank" in text_of(lead, "/admin/banks/")


def test_a_lead_defines_and_edits_a_bank(lead: Client) -> None:
    fields = {
        "title": "Known abuse",
        "name": "known_abuse",
        "action": "block",
        "distance": 31,
        "query_match_percent": 80,
        "compared_match_percent": 0,
        "min_quality": 50,
    }
    response = lead.post("/admin/banks/new/", fields, follow=True)
    assert response.redirect_chain[-1][0] == PAGE
    assert "No hash is in this bank yet" in response.content.decode()

    lead.post(f"{PAGE}edit/", {**fields, "distance": 20, "policy": "sexual"})
    row = Bank.objects.get()
    assert (row.distance, row.policy, row.changed_by) == (20, "sexual", "user/lea")


def test_a_bad_definition_is_refused_at_its_fields(lead: Client) -> None:
    defined_bank()
    fields = {"title": "Again", "name": "known_abuse", "action": "block", "distance": 31, "min_quality": 50}
    fields |= {"query_match_percent": 80, "compared_match_percent": 0}
    response = lead.post("/admin/banks/new/", fields)
    assert response.status_code == 422
    assert "is taken by the bank" in response.content.decode()
    response = lead.post("/admin/banks/new/", {**fields, "distance": 64})
    assert response.status_code == 422


def test_an_analyst_adds_hashes_and_removes_only_those(analyst: Client) -> None:
    defined_bank()
    add_items(bank="known_abuse", items=[NewItem(TWO, reason="x")], actor="user/bob", now=timezone.now())
    form = {
        "action": "add",
        "hashes": f"{ONE}, 90\n",
        "reason": "reported",
        "days": "30",
        "source": "hotline",
    }
    assert "1 hash added" in analyst.post(PAGE, form, follow=True).content.decode()
    [own] = BankItem.objects.filter(added_by="user/ana")
    assert (own.hex, own.quality, own.source) == (ONE, 90, "hotline")
    other = BankItem.objects.get(added_by="user/bob")
    assert analyst.post(PAGE, {"action": "remove", "row": other.pk, "reason": "x"}).status_code == 403
    analyst.post(PAGE, {"action": "remove", "row": own.pk, "reason": "a mistake"})
    assert live() == {TWO}


def test_what_cannot_be_added_is_said_and_what_was_typed_stays(analyst: Client) -> None:
    defined_bank()
    response = analyst.post(PAGE, {"action": "add", "hashes": f"{ONE}\nnonsense\n", "reason": "why"})
    text = response.content.decode()
    assert response.status_code == 422
    assert "Nothing was added" in text
    assert "Line 2, hash" in text
    assert ONE in text
    assert live() == set()
    for form in ({"hashes": ""}, {"hashes": f"{ONE} good x"}, {"hashes": ONE, "reason": "x", "days": "many"}):
        assert analyst.post(PAGE, {"action": "add", **form}).status_code == 422


def test_only_leads_archive_and_import(analyst: Client, lead: Client) -> None:
    defined_bank()
    assert analyst.post(PAGE, {"action": "archive", "reason": "x"}).status_code == 403
    assert analyst.get(f"{PAGE}import/").status_code == 403
    assert (
        "It matches nothing"
        in lead.post(PAGE, {"action": "archive", "reason": "old"}, follow=True).content.decode()
    )
    assert "This hash bank is archived" in text_of(lead)
    lead.post(PAGE, {"action": "restore"})
    assert not Bank.objects.get().is_archived


def test_the_page_finds_hashes_near_a_hash_and_by_source_and_tag(analyst: Client) -> None:
    defined_bank()
    items = [NewItem(ONE, source="Hotline", reason="first", tags=("wave-7",)), NewItem(TWO, reason="second")]
    add_items(bank="known_abuse", items=items, actor=ANA, now=timezone.now())
    near = text_of(analyst, f"{PAGE}?q={differing(ONE, 9)}")
    assert "9 bits apart" in near
    assert "second" not in near
    assert "Nothing here is near" in text_of(analyst, f"{PAGE}?q={differing(ONE, 40)}")
    for found in ("hotline", "wave-7"):
        page = text_of(analyst, f"{PAGE}?q={found}")
        assert "first" in page
        assert "second" not in page


def stored_file(name: str, text: str, *, days: int = 1, quality: int = 100) -> None:
    frames = [{"at": 0, "quality": quality, "pdq": picture(text, turned=3)["hashes"][0]}]
    MediaItem.objects.create(
        id=name,
        type="image/jpeg",
        kind="image",
        bytes=9,
        status="done",
        source="shop",
        hashes=frames,
        received_at=timezone.now() - timedelta(days=days),
        version=2,
    )


def test_a_preview_counts_the_near_files_of_30_days_and_adds_nothing(analyst: Client) -> None:
    defined_bank()
    for place, bits in enumerate((0, 15, 20, 31, 38, 60)):
        stored_file(f"{place}" * 64, differing(ONE, bits))
    stored_file("a" * 64, ONE, days=31)
    stored_file("b" * 64, ONE, quality=20)
    response = analyst.post(PAGE, {"action": "preview", "hashes": ONE})
    found = response.context["preview"]
    assert list(found.counts) == [(15, 2), (23, 3), (31, 4), (39, 5)]
    assert (found.files, [each.distance for each in found.nearest]) == (7, [0, 15, 20, 31, 38])
    text = " ".join(response.content.decode().split())
    assert "Nothing was added." in text
    assert "38 bits, beyond the distance of this bank" in text
    assert f'href="/admin/media/{"1" * 64}/"' in text
    assert f'src="/admin/media/{"1" * 64}/blurred/"' in text
    assert live() == set()


def test_a_preview_says_how_much_of_a_video_matches(analyst: Client) -> None:
    """A clip of four frames, of which two are near the hashes, and one of them only within 40 bits."""
    defined_bank()
    shown = video(differing(ONE, 9), pdq("first scene"), differing(TWO, 40), pdq("last scene"), ONE)
    frames = [{"at": at, "quality": 100, "pdq": variants} for at, variants in enumerate(shown["hashes"])]
    stored_file("d" * 64, ONE)
    MediaItem.objects.update(hashes=frames)
    response = analyst.post(
        PAGE, {"action": "preview", "hashes": "\n".join((ONE, TWO, pdq("other"), pdq("more")))}
    )
    (found,) = response.context["preview"].nearest
    assert (found.frames, found.match) == (5, (0.25, 0.4))
    text = " ".join(response.content.decode().split())  # no-break spaces too
    assert "0 bits; 40 % of its 5 frames match, and 25 % of the hashes" in text


def test_a_preview_without_stored_files_says_so_and_bad_hashes_are_named(analyst: Client) -> None:
    defined_bank()
    assert (
        "there is nothing to compare with"
        in analyst.post(PAGE, {"action": "preview", "hashes": ONE}).content.decode()
    )
    assert analyst.post(PAGE, {"action": "preview", "hashes": "nonsense"}).status_code == 422


def test_items_say_what_they_matched_and_the_bank_what_people_made_of_it(analyst: Client) -> None:
    defined_bank()
    now_banked(ONE)
    item = BankItem.objects.get().pk
    BankMatch.objects.create(
        id=1,
        bank_name="known_abuse",
        item=item,
        media="c" * 64,
        distance=12,
        event_position=7,
        event_type="payment",
        event_stream="payment/shop/T-1",
        outcome="block",
        decided="block",
        decided_at=timezone.now(),
    )
    text = text_of(analyst)
    assert "cccccccccccc…" in text
    assert 'data-label="Matches">1<br>' in text
    assert 'data-label="Matches in 30 days">1<' in text_of(analyst, "/admin/banks/")


def upload(client: Client, content: str, name: str = "hashes.csv", **given: str) -> ListImport:
    file = SimpleUploadedFile(name, content.encode())
    response = client.post(f"{PAGE}import/", {"file": file, "reason": "a file", "days": "", **given})
    assert response.status_code == 302, response.content.decode()
    return ListImport.objects.latest("number")


def test_a_file_is_checked_confirmed_and_added_and_rejects_are_told(lead: Client) -> None:
    defined_bank()
    now_banked(TWO)
    row = upload(lead, f"hash,quality\n{ONE},80\n{TWO},90\n{ONE},80\nnonsense,1\n")
    assert (row.state, row.new, row.unchanged, row.repeated, row.rejected) == ("checked", 1, 1, 1, 1)
    status = f"/admin/banks/imports/{row.number}/"
    page = text_of(lead, status)
    assert "is not a PDQ hash" in page
    assert "Add 1 hash" in page
    rejects = b"".join(lead.get(f"{status}?rejects").streaming_content).decode()  # type: ignore[attr-defined]
    assert next(csv.DictReader(io.StringIO(rejects)))["reject_line"] == "5"
    lead.post(status, {"action": "add"})
    assert live() == {ONE, TWO}
    assert BankItem.objects.get(reason="a file").source == "hashes.csv"


def test_an_export_is_imported_into_another_bank_as_it_was(lead: Client) -> None:
    defined_bank()
    end = timezone.now() + timedelta(days=9)
    items = [
        NewItem(ONE, 80, "=SUM(1)", 'it\'s, "so"', end, ("a", "b"), "f" * 64),
        NewItem(TWO, None, "", "-plain"),
    ]
    add_items(bank="known_abuse", items=items, actor=ANA, now=timezone.now())
    exported = b"".join(lead.get(f"{PAGE}export/").streaming_content).decode()  # type: ignore[attr-defined]
    assert "'=SUM(1)" in exported
    defined_bank("copy")
    file = SimpleUploadedFile("export.csv", exported.encode())
    lead.post("/admin/banks/copy/import/", {"file": file, "reason": "", "days": ""})
    row = ListImport.objects.latest("number")
    lead.post(f"/admin/banks/imports/{row.number}/", {"action": "add"})
    columns = ("hash", "quality", "reason", "expires_at", "tags", "media")
    both = [
        list(BankItem.objects.filter(bank_name=name).order_by("hash").values(*columns))
        for name in ("known_abuse", "copy")
    ]
    assert both[0] == both[1]
    assert BankItem.objects.get(bank_name="copy", quality=80).source == "=SUM(1)"


def test_imports_of_lists_and_banks_keep_apart(lead: Client) -> None:
    defined_bank()
    defined()
    row = upload(lead, ONE)
    assert lead.get(f"/admin/lists/imports/{row.number}/").status_code == 404
    assert lead.get(f"/admin/banks/imports/{row.number}/").status_code == 200


def test_a_file_that_is_none_fails_with_what_is_allowed(lead: Client) -> None:
    defined_bank()
    row = upload(lead, "name,size\na,b\n")
    assert row.state == "failed"
    assert "has no column of hashes" in row.error


def test_the_command_imports_a_file_and_keeps_what_it_rejects(
    tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    defined_bank()
    file, rejects = tmp_path / "partner.txt", tmp_path / "rejects.csv"
    file.write_text(f"{ONE}\n{TWO},40\n{THREE}\n")
    with pytest.raises(CommandError, match="1 lines were rejected"):
        call_command("import_bank", "known_abuse", str(file), "--reason", "partner", "--check")
    assert live() == set()
    with pytest.raises(CommandError, match=r"rejects\.csv"):
        call_command(
            "import_bank", "known_abuse", str(file), "--reason", "partner", "--rejects", str(rejects)
        )
    assert live() == {ONE, THREE}
    assert "quality is 40" in rejects.read_text()
    row = BankItem.objects.filter(removed_version=None).first()
    assert row is not None
    assert (row.source, row.reason, row.added_by.partition("/")[0]) == ("partner.txt", "partner", "shell")
    file.write_text(f"{ONE}\n")
    call_command("import_bank", "known_abuse", str(file), "--reason", "partner")
    assert "1 lines: 0 added, 1 there already or repeated, 0 rejected" in capsys.readouterr().out
    with pytest.raises(CommandError, match="there is no bank"):
        call_command("import_bank", "other", str(file))


def test_whoever_lacks_the_permissions_sees_nothing() -> None:
    defined_bank()
    user = User.objects.create_user("nobody", is_staff=True)
    client = Client()
    client.force_login(user)
    for path in (
        "/admin/banks/",
        PAGE,
        "/admin/banks/new/",
        f"{PAGE}edit/",
        f"{PAGE}import/",
        f"{PAGE}export/",
    ):
        assert client.get(path).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_bank"))
    client.force_login(User.objects.get(pk=user.pk))
    assert "You can view this hash bank but not add to it" in client.get(PAGE).content.decode()


def test_every_group_may_look_and_leads_may_change() -> None:
    def holds(group: str, permission: str) -> bool:
        return Group.objects.get(name=group).permissions.filter(codename=permission).exists()

    assert all(holds(group, "view_bank") for group in Group.objects.values_list("name", flat=True))
    assert [holds(group, "change_bank") for group in ("analyst", "lead", "admin")] == [False, True, True]
    assert holds("analyst", "add_bankitem")


def test_an_archived_bank_offers_no_changes(lead: Client) -> None:
    defined_bank()
    archive_bank(name="known_abuse", reason="old", actor=ANA, now=timezone.now())
    text = text_of(lead)
    assert "Add to bank" not in text
    assert "Restore it" in text
    assert (
        "Nothing was changed"
        in lead.post(PAGE, {"action": "add", "hashes": ONE, "reason": "x"}, follow=True).content.decode()
    )
