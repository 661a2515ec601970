"""Hash banks decide in lanes and in the failure policy; replay, explanations and pages follow."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from scoring.decisions.explanations.document import explain_event
from scoring.decisions.failure_policy import decide_without_lane
from scoring.event_types.payment import Payment
from scoring.intake.labels import LabelStatement, record_labels
from scoring.log.read import read_stream
from scoring.rules.backtest.evaluation.asking import PageAsker
from scoring.rules.backtest.evaluation.configuration import configuration_at, operands_in
from scoring.rules.backtest.evaluation.evaluating import decide_page
from scoring.rules.backtest.evaluation.reading import Reading, iter_pages, range_of
from scoring.rules.banks.changing.adding import remove_items
from scoring.rules.banks.changing.defining import archive_bank
from scoring.rules.banks.matches import overturns_of
from scoring.rules.banks.models import BankItem, BankMatch
from scoring.rules.banks.search import lookup
from scoring.rules.deciding import reader
from scoring.rules.expressions.compiling import compile_expression
from scoring.rules.expressions.operands import operands_of
from scoring.rules.rules.trial.decided_events import FeatureColumns, read_decided_events
from scoring.rules.rules.trial.trying import ReadValue, Trial
from scoring.rules.ruleset.stream import current_version
from tests.factories.banks import ANA, banked, defined_bank, differing, pdq, picture, video
from tests.factories.lists import defined, listed
from tests.factories.payments import payments
from tests.integration.lanes.test_ruleset_in_lanes import rule
from tests.integration.replay.test_replay import replayed
from tests.integration.replay.traffic import rewrite

pytestmark = pytest.mark.django_db(transaction=True)

ONE, TWO = pdq(1), pdq(2)


@pytest.fixture(autouse=True)
def payments_with_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Payments have files, and are allowed without a model."""
    monkeypatch.setattr(reader, "carries_media", lambda kind: True)
    monkeypatch.setattr(Payment, "no_model_outcome", "allow")
    monkeypatch.setattr(Payment, "failure_outcome", "allow")


def now() -> datetime:
    return datetime.now(UTC)


def send_with(send: Any, *media: list[dict[str, Any]], start: int = 0, **fields: Any) -> list[str]:
    """Payments with these files each; returns their streams."""
    receipts = send(payments(len(media), start=start, **fields))
    for receipt, files in zip(receipts, media, strict=True):
        rewrite(read_stream(receipt.stream)[0], media=files)
    return [receipt.stream for receipt in receipts]


def decision(stream: str) -> dict[str, Any]:
    return read_stream(stream)[-1].data


def outcomes(streams: list[str]) -> list[tuple[str, str]]:
    return [(decision(each)["outcome"], decision(each)["decided_by"]) for each in streams]


def test_a_picture_in_a_bank_is_blocked_and_the_decision_says_which(send: Any, work: Any) -> None:
    defined_bank(policy="sexual")
    banked("known_abuse", ONE, now=now())
    near = picture(differing(ONE, 11), turned=6, media="a" * 64)
    streams = send_with(send, [picture(TWO), near], [picture(TWO)], [])
    work()
    assert outcomes(streams) == [("block", "bank"), ("allow", "policy"), ("allow", "policy")]
    [finding] = decision(streams[0])["findings"]
    assert (finding["kind"], finding["name"], finding["number"]) == ("bank", "known_abuse", 2)
    assert (finding["distance"], finding["media"], finding["item"]) == (11, "a" * 64, 2000)
    assert finding["policy"] == "sexual"
    assert decision(streams[1])["findings"] == []


def test_a_change_of_a_bank_holds_from_the_next_claim_on(send: Any, work: Any) -> None:
    defined_bank(action="review")
    banked("known_abuse", ONE, now=now())
    first = send_with(send, [picture(ONE)])
    work()
    remove_items(bank="known_abuse", ids=[2000], reason="test", actor=ANA, now=now())
    second = send_with(send, [picture(ONE)], start=1)
    work()
    banked("known_abuse", differing(ONE, 3), now=now())
    third = send_with(send, [video(TWO, ONE)], start=2)
    work()
    archive_bank(name="known_abuse", reason="test", actor=ANA, now=now())
    last = send_with(send, [picture(ONE)], start=3)
    work()
    told = [outcomes(each)[0][0] for each in (first, second, third, last)]
    assert told == ["review", "allow", "review", "allow"]


def test_banks_lists_and_rules_decide_together(send: Any, work: Any) -> None:
    defined_bank("abuse", action="block")
    defined_bank("memes", action="tag")
    defined_bank("odd", action="label")
    banked("abuse", ONE, now=now())
    banked("memes", TWO, now=now())
    banked("odd", pdq(3), now=now())
    defined("trusted", action="allow", kind="customer")
    listed("trusted", "customer-vip", now=now())
    rule("meme", 'banked("memes") && amount > 0.0', outcome="review")
    blocked = send_with(send, [picture(ONE)], customer="customer-vip")
    reviewed = send_with(send, [picture(TWO)], start=1)
    labeled = send_with(send, [picture(pdq(3))], start=2)
    trusted = send_with(send, [picture(pdq(3))], start=3, customer="customer-vip")
    work()
    told = [outcomes(each)[0] for each in (blocked, reviewed, labeled, trusted)]
    # Payments declare no label, and a review is the mildest of their more severe outcomes.
    assert told == [("block", "bank"), ("review", "rule"), ("review", "bank"), ("allow", "list")]


def test_the_failure_policy_looks_banks_up_in_the_database(send: Any) -> None:
    defined_bank()
    banked("known_abuse", ONE, now=now())
    streams = send_with(send, [picture(differing(ONE, 31))], [picture(differing(ONE, 32))])
    decide_without_lane([read_stream(each)[0] for each in streams], "timeout")
    assert outcomes(streams) == [("block", "bank"), ("allow", "policy")]


def test_a_bank_too_large_for_the_failure_policy_is_unseen_until_the_lane_decides(
    send: Any, work: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    defined_bank()
    banked("known_abuse", ONE, TWO, now=now())
    monkeypatch.setattr(lookup, "MAX_COMPARISONS", 10)
    [stream] = send_with(send, [picture(ONE)])
    decide_without_lane([read_stream(stream)[0]], "timeout")
    assert decision(stream)["unseen"] == [{"kind": "bank", "name": "known_abuse"}]
    assert decision(stream)["outcome"] == "allow"
    assert replayed().is_identical


def test_decisions_under_changing_banks_come_out_again(send: Any, work: Any) -> None:
    defined_bank()
    defined_bank("strict", action="review", distance=4)
    banked("known_abuse", ONE, until=now() + timedelta(minutes=5), now=now())
    rule("both", 'banked("strict") && banked("known_abuse")', outcome="review")
    media = (
        [picture(ONE)],
        [picture(differing(ONE, 7)), video(pdq(5), differing(TWO, 2))],
        [picture(TWO)],
        [],
    )
    for round_ in range(4):
        streams = send_with(send, *media, start=10 * round_)
        work()
        if round_ == 0:
            banked("strict", TWO, now=now())
        if round_ == 1:
            defined_bank("strict", action="block", distance=1)
        if round_ == 2:
            ids = list(BankItem.objects.filter(bank_name="strict").values_list("pk", flat=True))
            remove_items(bank="strict", ids=ids, reason="test", actor=ANA, now=now())
    assert len(streams) == 4
    found = {(match.bank_name, match.distance) for match in BankMatch.objects.all()}
    assert {("known_abuse", 0), ("known_abuse", 7), ("strict", 0), ("strict", 2)} <= found
    report = replayed()
    assert report.first == []
    assert report.is_identical
    changed = read_stream(streams[0])[-1]
    rewrite(changed, findings=[{**changed.data["findings"][0], "distance": 9}])
    [comparison] = replayed().first
    assert [name for name, held in comparison.held.items() if not held] == ["findings"]


def test_an_explanation_names_the_bank_and_who_added_the_hash(send: Any, work: Any) -> None:
    defined_bank(title="Known abuse")
    banked("known_abuse", ONE, now=now())
    [stream] = send_with(send, [picture(ONE)])
    work()
    explained = explain_event(stream, now=timezone.now())
    [finding] = explained["findings"]
    assert finding["definition"]["title"] == "Known abuse"
    assert finding["listed"]["by"] == ANA
    assert {"bank.defined", "bank.items_added"} <= {each["type"] for each in explained["entries"]}
    assert [each["source"] for each in explained["decision"]["reasons"]] == ["bank"]


def test_what_a_bank_matched_is_kept_with_what_people_made_of_it(send: Any, work: Any) -> None:
    defined_bank()
    banked("known_abuse", ONE, now=now())
    streams = send_with(send, *[[picture(differing(ONE, bits))] for bits in range(4)])
    work()
    assert sorted(BankMatch.objects.values_list("distance", flat=True)) == [0, 1, 2, 3]
    labels = ("legitimate", "fraud", "legitimate")
    said = [
        LabelStatement("payment", stream.rpartition("/")[2], value, "chargeback")
        for stream, value in zip(streams, labels, strict=False)
    ]
    record_labels(said, source="shop", now=now())
    overturns = overturns_of("known_abuse")
    assert (overturns.judged, overturns.overturned) == (3, 2)
    assert not overturns.is_often
    rows = list(BankMatch.objects.order_by("pk").values())
    call_command("rebuild", projection=["bankmatch"], verbosity=0)
    assert list(BankMatch.objects.order_by("pk").values()) == rows


def test_pages_of_an_event_say_how_near_its_file_is_and_that_the_bank_errs(send: Any, work: Any) -> None:
    defined_bank(title="Known abuse")
    banked("known_abuse", ONE, now=now())
    streams = send_with(send, *[[picture(differing(ONE, bits), media=f"{bits}" * 64)] for bits in range(6)])
    work()
    said = [
        LabelStatement("payment", stream.rpartition("/")[2], "legitimate", "chargeback") for stream in streams
    ]
    record_labels(said, source="shop", now=now())
    position = read_stream(streams[5])[0].position
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    page = client.get(f"/admin/events/{position}/").content.decode()
    assert "File 555555555555… differs by 5 of 256 bits." in page
    assert "People judged 6 matched events of this bank and overturned 6 (100.0\xa0%)." in page
    sheet = client.get(f"/admin/events/{position}/explanation/").content.decode()
    assert "Decided by the hash bank Known abuse" in sheet
    bank = client.get("/admin/banks/known_abuse/").content.decode()
    assert "Matches of this bank are often overturned." in bank


def test_a_backtest_decides_past_events_by_what_banks_found_then(send: Any, work: Any) -> None:
    defined_bank("abuse", action="block")
    defined_bank("memes", action="tag")
    banked("abuse", ONE, now=now())
    banked("memes", TWO, now=now())
    rule("meme", 'banked("memes")', outcome="review")
    streams = send_with(send, [picture(ONE)], [picture(TWO)], [picture(pdq(3))])
    work()
    ids = list(BankItem.objects.filter(bank_name="memes").values_list("pk", flat=True))
    remove_items(bank="memes", ids=ids, reason="test", actor=ANA, now=now())
    hour = timedelta(hours=1)
    reading = Reading("payment", now() - hour, now() + hour)
    configuration = configuration_at(current_version(), "payment")
    [(page, _)] = iter_pages(reading, range_of(reading.since, reading.until))
    asker = PageAsker(Payment, page, page.columns(operands_in([configuration])))
    decided = decide_page(page, configuration, kind=Payment, asker=asker)
    told = dict(zip(page.streams, decided.outcomes, strict=True))
    assert [told[stream] for stream in streams] == ["block", "review", "allow"]
    assert [decision(stream)["outcome"] for stream in streams] == ["block", "review", "allow"]


def test_an_expression_is_tried_with_the_matches_that_decisions_recorded(send: Any, work: Any) -> None:
    defined_bank("memes", action="tag")
    banked("memes", TWO, now=now())
    streams = send_with(send, [picture(TWO)], [picture(ONE)])
    work()
    trial = Trial(compile_expression('banked("memes")', operands_of("payment")), now=now())
    events = read_decided_events(streams, columns=FeatureColumns("payment"))
    tried = trial.try_on(events)
    assert [each.answer for each in tried] == ["matched", "not matched"]
    assert tried[0].values == (ReadValue("banked('memes')", "yes"),)
