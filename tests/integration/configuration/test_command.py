"""`manage.py configuration`: exports, shows differences, and applies with the names of two people."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command

from config.people.audit import current_actor
from scoring.log.models import LogEntry
from scoring.rules.rules.models import Rule
from scoring.rules.ruleset.stream import current_version, iter_changes
from tests.factories.configurations import CONFIGURATION

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def people(transactional_db: None) -> Any:
    """Ana may apply, Lea may activate, and Otto may nothing."""
    for name, permissions in (
        ("ana", ["apply_configuration", "activate_rule", "activate_policy", "approve_gate"]),
        ("lea", ["activate_rule", "activate_policy", "approve_gate"]),
        ("otto", []),
    ):
        user = User.objects.create_user(name)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    token = current_actor.set(None)
    yield
    current_actor.reset(token)


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "assay.yaml"
    path.write_text(CONFIGURATION)
    return str(path)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("configuration", *arguments, stdout=out)
    return out.getvalue()


def test_an_applied_file_is_exported_again(file: str, tmp_path: Path) -> None:
    said = run("apply", file, "--actor", "ana", "--approver", "lea", "--yes", "--reason", "release 7")
    assert said.endswith("Applied: 20 items.\n")
    assert yaml.safe_load(run("export")) == yaml.safe_load(CONFIGURATION)
    assert run("export", str(tmp_path / "out.yaml")) == f"wrote {tmp_path / 'out.yaml'}\n"
    assert (tmp_path / "out.yaml").read_text() == run("export")
    assert Rule.objects.get(name="large_amount").active == 1
    reasons = {entry.data["reason"] for entry in iter_changes() if "reason" in entry.data}
    assert reasons == {"release 7"}
    [schedule] = LogEntry.objects.filter(type="schedule.created")
    assert json.loads(schedule.metadata)["actor"] == "user/ana"


def test_differences_have_an_exit_code_for_pipelines(file: str) -> None:
    assert "lists.stolen_cards: added" in run("diff", file)
    with pytest.raises(SystemExit) as left:
        run("diff", file, "--exit-code")
    assert left.value.code == 2
    assert current_version() == 0
    run("apply", file, "--actor", "ana", "--approver", "lea", "--yes")
    assert run("diff", file, "--exit-code") == "There is nothing to apply.\n"


def test_without_an_approver_the_rest_waits_for_approval(file: str) -> None:
    said = run("apply", file, "--actor", "ana", "--yes")
    assert "version 1 becomes active once a second person approves it." in said
    assert said.endswith("Applied: 20 items, 3 approvals requested.\n")


@pytest.mark.parametrize(("answer", "is_applied"), [("y", True), ("YES", True), ("", False), ("n", False)])
def test_it_asks_before_it_applies(
    file: str, answer: str, is_applied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda prompt: answer)
    assert ("Nothing was changed." in run("apply", file, "--actor", "ana")) is not is_applied
    assert (current_version() > 0) is is_applied


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (("eve", ""), "'eve' is not an active user"),
        (("otto", ""), "'otto' lacks the permission scoring.apply_configuration"),
        (
            ("ana", "otto"),
            "lacks the permission scoring.activate_rule, scoring.activate_policy, scoring.approve_gate",
        ),
        (("ana", "ana"), "'ana' cannot approve their own activations; name a second person"),
    ],
)
def test_the_log_names_people_who_may(file: str, names: tuple[str, str], problem: str) -> None:
    actor, approver = names
    with pytest.raises(CommandError, match=problem):
        run("apply", file, "--actor", actor, "--approver", approver, "--yes")
    assert current_version() == 0


def test_a_long_name_is_the_actor_that_pages_write(file: str) -> None:
    name = "x" * 150
    user = User.objects.create_user(name)
    user.user_permissions.set(Permission.objects.filter(codename="apply_configuration"))
    run("apply", file, "--actor", name, "--yes")
    assert {entry.metadata["actor"] for entry in iter_changes()} == {f"user/{name}"[:80]}


def test_a_wrong_file_is_refused_with_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("version: 1\nbreakers:\n  payment:\n    max_share: 7\n")
    with pytest.raises(CommandError, match=r"line 4, breakers\.payment\.max_share: must be more than 0"):
        run("diff", str(path))
    with pytest.raises(CommandError, match=r"none\.yaml cannot be read: No such file"):
        run("diff", str(tmp_path / "none.yaml"))
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CommandError, match="is not UTF-8 text"):
        run("diff", str(path))
