"""The page of the configuration: download, compare, apply; by permission."""

import re
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from scoring.log.models import LogEntry
from scoring.rules.rules.models import Rule
from scoring.rules.ruleset.stream import current_version, iter_changes
from tests.factories.configurations import CONFIGURATION

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/admin/configuration/"
ALL = ("export_configuration", "apply_configuration")


def client_of(*codenames: str) -> Client:
    user = User.objects.create_user("ana", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def words_of(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def upload(client: Client, text: str | bytes, **more: Any) -> Any:
    content = text if isinstance(text, bytes) else text.encode()
    return client.post(PAGE, {"file": SimpleUploadedFile("assay.yaml", content), **more})


def apply(client: Client, compared: Any, **changes: Any) -> Any:
    initial = compared.context["apply_form"].initial
    given = {**initial, "reason": "release 7", "action": "apply", **changes}
    return client.post(PAGE, {name: value for name, value in given.items() if value}, follow=True)


def test_a_file_is_compared_then_applied_and_downloaded_again() -> None:
    client = client_of(*ALL)
    assert "Lists 0 Hash banks 0 Rules 0" in words_of(client.get(PAGE))
    compared = upload(client, CONFIGURATION)
    said = words_of(compared)
    assert "What applying the file changes: 20 items, 3 approvals requested" in said
    assert "Lists / stolen_cards" in said
    assert "active once approved:" in said
    assert current_version() == 0
    applied = words_of(apply(client, compared))
    assert "Applied: 20 items, 3 approvals requested." in applied
    assert (
        "Rule large_amount of payment: version 1 becomes active once a second person approves it." in applied
    )
    assert Rule.objects.get(name="large_amount").requested == 1
    assert {entry.data["reason"] for entry in iter_changes() if "reason" in entry.data} == {"release 7"}
    assert LogEntry.objects.filter(type="schedule.created", metadata__contains="user/ana").exists()
    download = client.get(f"{PAGE}download/")
    assert 'filename="assay.yaml"' in download.headers["Content-Disposition"]
    assert yaml.safe_load(download.content)["lists"] == yaml.safe_load(CONFIGURATION)["lists"]
    assert "There is nothing to apply" in words_of(upload(client, download.content))


def test_added_and_removed_lines_are_marked() -> None:
    client = client_of(*ALL)
    apply(client, upload(client, CONFIGURATION))
    page = upload(client, CONFIGURATION.replace("max_share: 0.3", "max_share: 0.2")).content.decode()
    assert '<del class="cf-line cf-line--removed" data-sign="-">max_share: 0.3</del>' in page
    assert '<ins class="cf-line cf-line--added" data-sign="+">max_share: 0.2</ins>' in page


def test_problems_are_listed_with_line_and_path() -> None:
    said = words_of(upload(client_of(*ALL), CONFIGURATION.replace("action: block", "action: blok")))
    assert "The file cannot be applied" in said
    assert "5 lists.stolen_cards.action &#x27;blok&#x27; is not an action allow, block, watch, tag" in said


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\xff\xfe", "The file is not UTF-8 text."),
        (b"", "The submitted file is empty."),
        (b"- 1", "the file is not a mapping"),
    ],
)
def test_another_kind_of_file_is_refused(content: bytes, problem: str) -> None:
    assert problem in words_of(upload(client_of(*ALL), content))


def test_applying_needs_a_reason_and_what_was_shown() -> None:
    client = client_of(*ALL)
    compared = upload(client, CONFIGURATION)
    again = apply(client, compared, reason="")
    assert "This field is required." in words_of(again)
    assert not again.context["apply_form"].cleaned_data["prune"]
    assert current_version() == 0
    apply(client, upload(client, "version: 1\nbreakers: {payment: {max_share: 0.2}}"))
    said = words_of(apply(client, compared))
    assert "Nothing was changed: the configuration was changed meanwhile" in said
    assert current_version() == 1


def test_what_is_not_mentioned_is_taken_out_of_use_on_request() -> None:
    client = client_of(*ALL)
    apply(client, upload(client, CONFIGURATION))
    compared = upload(client, "version: 1\nlists:", prune="on")
    assert "Lists / trusted removed" in words_of(compared)
    assert "Applied: 2 items." in words_of(apply(client, compared))


def test_who_may_look_may_not_apply() -> None:
    client = client_of("export_configuration")
    compared = upload(client, CONFIGURATION)
    assert "You may not apply files; an administrator can." in words_of(compared)
    assert apply(client, compared).status_code == 403
    assert current_version() == 0


def test_without_permission_there_is_neither_page_nor_download() -> None:
    client = client_of()
    assert client.get(PAGE).status_code == 403
    assert client.get(f"{PAGE}download/").status_code == 403
    assert "Configuration" not in client.get("/admin/").content.decode()
