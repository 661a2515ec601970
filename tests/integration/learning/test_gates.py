"""Gates: a change is requested by one person and approved by another; a group may override a check."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from scoring.learning.errors import GateFailed, NoteRequired
from scoring.learning.gates import changing
from scoring.learning.gates.changing import (
    approve_gate,
    gate_of,
    reject_gate,
    request_gate,
    stream_version,
)
from scoring.learning.gates.criteria import DEFAULT_CRITERIA, LATENCY, Gate
from scoring.learning.gates.errors import (
    GateChangeRequested,
    GateUnchanged,
    NoGateChange,
    OtherGateChange,
    OwnGateChange,
)
from scoring.learning.gates.forms import GateForm
from scoring.learning.models import StoredGate
from scoring.learning.promotion import gate as promotion
from scoring.log.errors import StreamConflict
from scoring.log.read import read_stream
from scoring.registry.models import ModelVersion

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ANA: dict[str, Any] = {"actor": "user/ana", "now": NOW}
BO: dict[str, Any] = {"actor": "user/bo", "now": NOW}
FASTER = Gate(
    criteria=tuple(
        replace(each, limit=5.0, override="lead") if each.check == LATENCY else each
        for each in DEFAULT_CRITERIA
    )
)


def test_a_change_holds_once_another_person_approved_it() -> None:
    request_gate("payment", FASTER, reason="Lanes are busy.", **ANA)
    assert gate_of("payment") == Gate()
    with pytest.raises(OwnGateChange):
        approve_gate("payment", seen=1, **ANA)
    with pytest.raises(GateChangeRequested, match="requested by user/ana"):
        request_gate("payment", FASTER, reason="Me too.", **BO)

    approve_gate("payment", seen=1, **BO)

    assert gate_of("payment") == replace(FASTER, version=1)
    assert gate_of("content") == Gate()
    row = StoredGate.objects.get()
    assert (row.changed_by, row.approved_by, row.requested) == ("user/ana", "user/bo", [])
    with pytest.raises(GateUnchanged):
        request_gate("payment", FASTER, reason="Again.", **ANA)
    with pytest.raises(NoGateChange):
        approve_gate("payment", seen=1, **BO)


def test_a_change_requested_at_the_same_time_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    def request_meanwhile(row: StoredGate | None) -> Gate:
        monkeypatch.undo()
        request_gate("payment", FASTER, reason="First.", **BO)
        return Gate()

    monkeypatch.setattr(changing, "gate_in", request_meanwhile)
    with pytest.raises(StreamConflict):
        request_gate("payment", FASTER, reason="Second.", **ANA)


def test_a_request_that_replaced_the_one_seen_is_not_approved_unseen() -> None:
    request_gate("payment", FASTER, reason="First.", **ANA)
    seen = stream_version("payment")
    reject_gate("payment", reason="A mistake.", **ANA)
    request_gate("payment", FASTER, reason="Another.", **ANA)
    with pytest.raises(OtherGateChange, match="look at it again"):
        approve_gate("payment", seen=seen, **BO)
    approve_gate("payment", seen=stream_version("payment"), **BO)
    assert gate_of("payment").version == 1


def test_a_stored_gate_has_the_default_of_a_check_that_came_later() -> None:
    stored = [each for each in FASTER.as_data() if each["check"] != DEFAULT_CRITERIA[-1].check]
    assert Gate.of(stored, version=3) == replace(FASTER, version=3)


def test_a_rejected_change_never_holds() -> None:
    with pytest.raises(NoteRequired):
        request_gate("payment", FASTER, reason=" ", **ANA)
    request_gate("payment", FASTER, reason="Lanes are busy.", **ANA)
    reject_gate("payment", reason="They are not.", **BO)
    assert gate_of("payment") == Gate()
    request_gate("payment", FASTER, reason="They are now.", **ANA)
    reject_gate("payment", reason="A mistake.", **ANA)  # withdrawn by its author
    assert gate_of("payment") == Gate()
    types = [entry.type for entry in read_stream("gate/payment")]
    assert types == ["gate.requested", "gate.rejected"] * 2


def failing(*, override: str) -> str:
    check = {"name": LATENCY, "sentence": "", "allowed": "", "passed": False, "override": override, "gate": 1}
    return ModelVersion.objects.create(
        name="payment-1",
        event_type="payment",
        number=1,
        trained_at=NOW,
        as_of=NOW,
        parameters={},
        metrics={},
        lineage={"log_position": 0},
        trained_by="user/ana",
        checks=[check],
    ).name


def test_a_member_of_the_group_may_approve_a_version_that_fails_with_a_note() -> None:
    name = failing(override="lead")
    with pytest.raises(GateFailed, match=LATENCY):
        promotion.approve(name, groups=["data scientist"], note="It is fine.", **BO)
    with pytest.raises(NoteRequired):
        promotion.approve(name, groups=["lead"], **BO)
    entry = promotion.approve(name, groups=["lead"], note="The lane has room.", **BO)
    assert (entry.data["failed_checks"], entry.data["note"]) == ([LATENCY], "The lane has room.")


def test_the_page_of_a_model_overrides_for_that_group_alone() -> None:
    name = failing(override="data scientist")
    page = reverse("admin:model", args=[name])
    admin, dana = person("ada", "admin"), person("dana", "data scientist")
    forged = {"action": "approve", "note": "x", "groups_of_actor": "data scientist"}
    admin.post(page, forged)
    assert ModelVersion.objects.get().status == ModelVersion.Status.CANDIDATE
    dana.post(page, {"action": "approve", "note": "The lane has room."})
    assert ModelVersion.objects.get().status == ModelVersion.Status.APPROVED


def test_two_people_change_a_gate_on_its_page() -> None:
    lea, dana, aud = person("lea", "lead"), person("dana", "data scientist"), person("aud", "auditor")
    page = reverse("admin:gate", args=["payment"])
    initial = GateForm.showing(Gate()).initial
    sent = {name: value for name, value in initial.items() if value is not False and value is not None}
    request = {**sent, "action": "request", "latency_limit": 5, "latency_override": "lead"}

    assert lea.post(page, {**request, "latency_limit": -1, "reason": "x"}).status_code == 200
    assert lea.post(page, {**sent, "action": "request", "reason": "Nothing."}).status_code == 200
    assert StoredGate.objects.count() == 0
    assert lea.post(page, {**request, "reason": "Lanes are busy."}).status_code == 302
    lea.post(page, {"action": "approve", "seen": 1})
    assert gate_of("payment").version == 0
    assert "to be approved" in aud.get(reverse("admin:gates")).content.decode()
    text = dana.get(page).content.decode()
    assert "at most 5 ms; lead may override" in text
    assert "Lanes are busy." in text
    assert '<input type="hidden" name="seen" value="1">' in text
    dana.post(page, {"action": "approve"})
    assert gate_of("payment").version == 0
    dana.post(page, {"action": "approve", "seen": 1})
    assert gate_of("payment") == replace(FASTER, version=1)
    assert "Version 1 approved by user/dana" in aud.get(page).content.decode()
    assert aud.post(page, {"action": "nothing"}).status_code == 404


def person(name: str, group: str) -> Client:
    user = User.objects.create_user(name, password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client
