"""The content in the benchmark of pages: posts of raids that a model with a head for every policy decided ten
days ago, so that they are old enough to be judged; a month of verdicts with reports and appeals; a bank.

Django must be set up before this module is imported.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from benchmarks.content.texts import TextWriter
from demo.community.days import simulate_community
from demo.community.members import make_community
from demo.community.traffic import split_by_type
from demo.community_ruleset import ACTIVE_RULES
from demo.demo_ruleset import activate_rule
from reviews.duplicates.deciding import decide_group
from reviews.models import Case, EventReport
from reviews.work.claims import claim_case
from reviews.work.verdict_rules import Verdict
from scoring.catalog.registry import event_type
from scoring.ingest.imports import ingest_frame
from scoring.intake.labels import LabelStatement, record_labels
from scoring.intake.receive import Submission, receive_events
from scoring.lanes.lock import held_lane
from scoring.learning.policies.heads.sampling import refresh_head_samples
from scoring.learning.policies.sampling.stored import refresh_samples
from scoring.learning.promotion.gate import approve
from scoring.learning.promotion.promote import promote
from scoring.learning.training.recipe import TrainingConfig, TrainingRequest
from scoring.learning.training.runs import run_training
from scoring.rules.banks.changing.adding import add_items
from scoring.rules.banks.changing.defining import define_bank
from scoring.rules.banks.changing.items import NewItem
from scoring.runner.lane_runner import LaneRunner
from scoring.states.history import sequence_history
from scoring.timestamps import to_iso

CONTENT, SOURCE, MODERATION = "content", "bench", "moderation"
AGE = timedelta(days=10)
HISTORY_DAYS, HISTORY_RATE = 30, 60.0  # posts a day, beside the campaigns
RAID = 500  # posts that are copies of one text
CHARACTERS = 600  # of a post
VIOLATING_EVERY = 20  # posts, one of which is labeled
VERDICTS, BANKED = 100_000, 20_000
UNSTORED = 10**12  # positions from here on are of events that are not stored
BATCH = 500
REVIEW_ALL = (("review", 0.0), ("block", 1.0))


def store_posts(posts: int, *, now: datetime) -> None:
    """Send posts through the lane as if it were ten days ago, `RAID` each near-duplicates to one member.

    Call it before anything else is stored, because times must rise in the log.
    """
    then = now - AGE
    _load_history(now=then)
    _promote_model(now=then)
    for draft in ACTIVE_RULES:
        activate_rule(draft, why="for a benchmark", now=then)
    kind, writer = event_type(CONTENT), TextWriter(1, characters=CHARACTERS)
    openings = [writer.write() for _ in range(posts // RAID + 1)]
    for start in range(0, posts, BATCH):
        numbers = range(start, min(start + BATCH, posts))
        sent = [kind.parse(_raid_post(number, openings, now=then), now=then) for number in numbers]
        receive_events([Submission(kind.name, each) for each in sent], source=SOURCE, now=then)
    with held_lane(kind.lane):
        runner = LaneRunner(kind.lane, clock=lambda: then)
        while runner.step():
            pass
    record_labels(
        [
            LabelStatement(CONTENT, f"post-{number}", "violating", MODERATION, policies=("harassment",))
            for number in range(0, posts, VIOLATING_EVERY)
        ],
        source=SOURCE,
        now=then,
    )


def _load_history(*, now: datetime) -> None:
    frame = simulate_community(make_community(seed=1), days=HISTORY_DAYS, end=now, rate=HISTORY_RATE)
    for column in ("label", "policies", "label_known_at"):
        frame.loc[frame.label_known_at > now, column] = None
    for mapping, part in split_by_type(frame, source=SOURCE):
        ingest_frame(part, mapping=mapping, history=True, now=now)
    sequence_history(event_type(CONTENT).lane)


def _promote_model(*, now: datetime) -> None:
    """A small model that sends every post to review."""
    request = TrainingRequest(CONTENT, as_of=now, matures_after=timedelta(days=2))
    config = TrainingConfig(trees=30, minimum_positives=1, explicit_thresholds=REVIEW_ALL)
    name = run_training(request, config=config, actor="benchmark", now=now).name
    approve(name, actor="user/benchmark", note="for a benchmark", forced=True, now=now)
    promote(name, actor="user/benchmark", now=now)


def _raid_post(number: int, openings: list[str], *, now: datetime) -> dict[str, Any]:
    raid, place = divmod(number, RAID)
    return {
        "type": CONTENT,
        "id": f"post-{number}",
        "occurred_at": to_iso(now - timedelta(minutes=5) + timedelta(milliseconds=place)),
        "kind": "comment",
        "author": f"raider-{place % 100}",
        "target": f"member-{raid}",
        "thread": f"thread-{raid}",
        "text": f"{openings[raid]}{' !' * (place % 5)}",
    }


def decide_raid(reviewer: str, *, now: datetime) -> tuple[int, int]:
    """Give one raid a verdict and claim a case of another; the positions of both."""
    cases = Case.objects.filter(event_type=CONTENT, state=Case.State.OPEN).order_by("pk")
    decided, *others = cases.values_list("pk", flat=True)[:100]
    claim_case(decided, reviewer=reviewer, now=now)
    verdict = Verdict("violating", "", policies={"harassment": "raid"}, action="block", strike=True)
    decide_group(decided, verdict, others=others, reviewer=reviewer, now=now)
    claimed = cases.values_list("pk", flat=True).latest("pk")
    claim_case(claimed, reviewer=reviewer, now=now)
    return decided, claimed


def store_verdicts(verdicts: int, *, now: datetime) -> None:
    """Verdicts of the last four weeks, which the figures read: one in three events was reported, and one
    verdict in fifty appealed. Their events are not stored.
    """
    cases = list(_decided_cases(verdicts, now=now))
    Case.objects.bulk_create(cases, batch_size=BATCH * 4)
    reported = [case for case in cases if case.why != Case.Why.APPEAL][::3]
    EventReport.objects.bulk_create(
        [
            EventReport(position=case.pk, event_stream=case.event_stream, received_at=case.opened_at)
            for case in reported
        ],
        batch_size=BATCH * 4,
    )


def _decided_cases(verdicts: int, *, now: datetime) -> Iterator[Case]:
    for number in range(verdicts):
        policies = {"spam": "advertising"} if number % 2 else {"harassment": "insult", "hate": "slur"}
        common: dict[str, Any] = {"version": 3, "state": Case.State.DECIDED, "outcome": "review", "rank": 0.0}
        common |= {"expected_loss": 0, "currency": "", "decided_by": "ana"}
        common["decided_at"] = now - timedelta(days=28) * (number / verdicts)
        common["opened_at"] = common["decided_at"] - timedelta(minutes=number % 500)
        position = UNSTORED + number
        yield Case(
            event_position=position,
            event_stream=f"{CONTENT}/{SOURCE}/unstored-{number}",
            event_type=CONTENT,
            why=Case.Why.REVIEW,
            verdict="violating",
            policies=policies,
            action=("block", "limit", "label")[number % 3],
            strike=number % 4 == 0,
            **common,
        )
        if number % 50 == 0:
            yield Case(
                event_position=2 * UNSTORED + number,
                event_stream=f"appeal/{SOURCE}/unstored-{number}",
                event_type="appeal",
                why=Case.Why.APPEAL,
                verdict=("granted", "rejected")[number % 100 // 50],
                about=position,
                **common,
            )


def fill_bank(*, now: datetime) -> None:
    """A bank of 20,000 hashes."""
    define_bank(
        name="known",
        title="Known pictures",
        action="block",
        sentence="The picture was removed before",
        actor=SOURCE,
        now=now,
    )
    for start in range(0, BANKED, 1_000):
        items = [
            NewItem(
                hash=f"{number * 0x9E3779B97F4A7C15 % 2**256:064x}",
                quality=100,
                source="bench",
                reason="removed",
            )
            for number in range(start + 1, start + 1_001)
        ]
        add_items(bank="known", items=items, actor=SOURCE, now=now)


def draw_samples(*, now: datetime) -> None:
    """What the scheduler draws within the hour, for the pages of policies."""
    refresh_samples(now=now)
    refresh_head_samples(now=now)


def content_addresses(reviewer: str, *, now: datetime) -> dict[str, str]:
    """The address of each page about content, with arguments that exist."""
    decided, claimed = decide_raid(reviewer, now=now)
    harassment = reverse("admin:content_policy", args=[CONTENT, "harassment"])
    return {
        "queue of content": reverse("admin:queue") + f"?type={CONTENT}",
        "queue of a content policy": reverse("admin:queue") + "?queue=harassment",
        "claimed case of a raid": reverse("admin:case", args=[claimed]),
        "decided case of a raid": reverse("admin:case", args=[decided]),
        "post of a raid": reverse("admin:event", args=[claimed]),
        "explanation of a post": reverse("admin:explanation", args=[claimed]),
        "statement of reasons": reverse("admin:statement", args=[decided]),
        "moderation figures": reverse("admin:moderation"),
        "moderation figures as CSV": reverse("admin:moderation") + "?format=csv",
        "an author": reverse("admin:entities") + "?kind=author&value=raider-1",
        "hash banks": reverse("admin:banks"),
        "a bank of 20,000": reverse("admin:bank", args=["known"]),
        "rule quality of content": reverse("admin:rule_quality") + f"?type={CONTENT}",
        "policies": reverse("admin:policies"),
        "policy of content": reverse("admin:policy", args=[CONTENT]),
        "a content policy": harassment,
        "a content policy, what if": f"{harassment}?if_block=42&if_review=10",
        "model of content": reverse("admin:model", args=[f"{CONTENT}-1"]),
    }
