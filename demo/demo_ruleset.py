"""The demo's lists, rules, policy and exploration, as an analyst and a lead would have set them up."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from scoring.batch.risk.overrides import override_risk
from scoring.intake.models import Label
from scoring.log.read import read_streams
from scoring.rules.breaker.changing import change_settings
from scoring.rules.breaker.settings import BreakerSettings
from scoring.rules.exploration.changing import change_exploration
from scoring.rules.exploration.settings import Exploration
from scoring.rules.lists.changing.defining import define_list
from scoring.rules.lists.changing.listing import add_values
from scoring.rules.lists.changing.values import NewValue
from scoring.rules.policies import staging as policies
from scoring.rules.policies.drafting import draft_policy
from scoring.rules.rules import staging as rules
from scoring.rules.rules.drafting import RuleDraft, draft_rule
from scoring.rules.ruleset.life_cycle import SHADOW
from scoring.rules.ruleset.stream import current_version

EVENT_TYPE = "payment"
ANALYST, LEAD, DATA_SCIENTIST = "ana", "lee", "dana"

LOOK_BACK = timedelta(days=60)
LISTED_FOR = timedelta(days=90)
OVERRIDDEN_FOR = timedelta(days=30)
MAX_LABELS = 2_000  # the latest fraud labels, whose devices and merchants are considered
MAX_LISTED = 200
FRAUDS_OF_WATCHED_MERCHANT = 6
MAX_WATCHED = 3

ACTIVE_RULES = (
    RuleDraft(
        EVENT_TYPE,
        "card_testing",
        "has(device) && device_distinct_card_24h >= 3 && amount < 5",
        "block",
        "A device tries several cards with small amounts",
        description="Stolen card numbers are tested with small amounts before they are used.",
    ),
    RuleDraft(
        EVENT_TYPE,
        "cards_on_one_device",
        "device_distinct_card_24h >= 3",
        "review",
        "Three or more other cards were used on this device within a day",
    ),
    RuleDraft(
        EVENT_TYPE,
        "card_far_from_home",
        "!has(device) && card_count_1h >= 2 && customer_merchant_km > 300",
        "review",
        "The card pays in a shop far from home for the third time within an hour",
        description="A stolen card is used quickly, far from its owner.",
    ),
    RuleDraft(
        EVENT_TYPE,
        "amount_below_limits",
        "amount in [95, 145, 195, 245, 295]",
        "review",
        "A round amount just below a common limit",
        description="Merchants in collusion charge cards just below the limits of reviews.",
    ),
    RuleDraft(
        EVENT_TYPE,
        "risky_customer",
        "has(customer_risk) && customer_risk > 0.9 && amount > 50",
        "review",
        "This customer's recent payments had high scores",
        description="An account that was taken over stays under review for some days.",
    ),
    RuleDraft(
        EVENT_TYPE,
        "regular_customer",
        "card_x_merchant_count_30d >= 4 && amount < 40 && card_fraud_count_30d_after_0d == 0"
        " && card_count_1h < 3",
        "allow",
        "A small payment at a merchant where this card pays regularly",
        description="Spares regular customers a review.",
    ),
)
SHADOW_RULE = RuleDraft(
    EVENT_TYPE,
    "repeated_refunds",
    "card_refund_count_30d >= 3 && amount > 80",
    "review",
    "Three or more refunds to this card within 30 days",
    description="Watched in shadow until its precision is known.",
)
# Costs in cents.
COSTS = {
    "mode": "cost",
    "costs": {
        "margin": 0.12,
        "insult": 1_500,
        "chargeback_fee": 2_000,
        "loss_share": 1.0,
        "actions": [{"outcome": "review", "cost": 250, "catches": 0.9, "loses": 0.02}],
    },
    "description": "A chargeback costs the amount and 20 dollars, a review 2.50, an insulted customer 15.",
}
# One attack is no fault of a rule or a model: with forty payments an hour, the default limits, which look at
# forty events, would open the breaker several times a week.
BREAKER = BreakerSettings(min_events=150, window_s=6 * 3_600)
EXPLORATION = Exploration(EVENT_TYPE, share=0.01, amount_cap=20_000, daily_cap=100_000, salt="demo")


def configure_deciding(*, now: datetime) -> None:
    """Set up everything, unless something has been configured before."""
    if current_version():
        return
    _define_lists(now=now)
    for draft in ACTIVE_RULES:
        activate_rule(draft, why="Seen in last month's chargebacks", now=now)
    _shadow_rule(SHADOW_RULE, now=now)
    activate_policy(EVENT_TYPE, COSTS, why="Decide by what mistakes cost", now=now)
    limit_blocks(EVENT_TYPE, BREAKER, now=now)
    change_exploration(
        EXPLORATION, reason="Learn whether our blocks are right", actor=DATA_SCIENTIST, now=now
    )


def activate_rule(draft: RuleDraft, *, why: str, now: datetime) -> None:
    """Draft a rule and activate it, with the approval of the lead."""
    version = draft_rule(draft, actor=ANALYST, now=now)
    named: dict[str, Any] = {"event_type": draft.event_type, "name": version.name, "number": version.number}
    rules.request_activation(**named, actor=ANALYST, now=now, reason=why)
    rules.approve_activation(**named, actor=LEAD, now=now, reason="Agreed")


def activate_policy(event_type: str, data: Mapping[str, Any], *, why: str, now: datetime) -> None:
    """Draft an event type's first policy and activate it, with the approval of the lead."""
    policy = draft_policy(event_type=event_type, data=data, based_on=0, actor=DATA_SCIENTIST, now=now)
    named: dict[str, Any] = {"event_type": event_type, "number": policy.number}
    policies.request_activation(**named, actor=DATA_SCIENTIST, now=now, reason=why)
    policies.approve_activation(**named, actor=LEAD, now=now, reason="Agreed")


def limit_blocks(event_type: str, settings: BreakerSettings, *, now: datetime) -> None:
    """Set when the breaker of an event type opens."""
    why = "An attack is not a fault: judge blocks over several hours"
    change_settings(event_type, settings, reason=why, actor=LEAD, now=now)


def _shadow_rule(draft: RuleDraft, *, now: datetime) -> None:
    version = draft_rule(draft, actor=ANALYST, now=now)
    rules.stage_rule(
        event_type=EVENT_TYPE,
        name=version.name,
        number=version.number,
        stage=SHADOW,
        actor=ANALYST,
        now=now,
        reason="To see what it would catch",
    )


def _define_lists(*, now: datetime) -> None:
    """A block list of fraudsters' devices, and a watch list of merchants with many frauds."""
    define_list(
        name="fraud_devices",
        title="Devices of confirmed fraud",
        action="block",
        kind="device",
        sentence="Confirmed fraud was committed on this device",
        actor=LEAD,
        now=now,
    )
    define_list(
        name="watched_merchants",
        title="Merchants under investigation",
        action="watch",
        kind="merchant",
        sentence="This merchant is under investigation",
        actor=LEAD,
        now=now,
    )
    frauds = list(_confirmed_frauds(now=now))
    devices = Counter(fields["device"] for fields in frauds if fields.get("device"))
    merchants = Counter(fields["merchant"] for fields in frauds)
    worst = merchants.most_common(MAX_WATCHED)
    watched = [name for name, count in worst if count >= FRAUDS_OF_WATCHED_MERCHANT]
    until = now + LISTED_FOR
    _list("fraud_devices", (name for name, count in devices.items() if count > 1), until=until, now=now)
    _list("watched_merchants", watched, until=until, now=now)
    for merchant in watched[:1]:
        _override_risk(merchant, now=now)


def _override_risk(merchant: str, *, now: datetime) -> None:
    """Set the risk of a merchant by hand, as the lead would during an investigation."""
    override_risk(
        view="payment.merchant_risk",
        entity=merchant,
        score=0.6,
        reason="Under investigation; the scores lag behind the chargebacks",
        expires_at=now + OVERRIDDEN_FOR,
        actor=f"user/{LEAD}",
        now=now,
    )


def _list(name: str, values: Iterable[str], *, until: datetime, now: datetime) -> None:
    listed = [NewValue(value, "Chargebacks of the last two months", until) for value in values][:MAX_LISTED]
    add_values(list_name=name, values=listed, actor=ANALYST, now=now)


def _confirmed_frauds(*, now: datetime) -> Iterator[dict[str, Any]]:
    """The fields of payments that were labeled as fraud lately."""
    labels = Label.objects.filter(effective="fraud", known_at__gt=now - LOOK_BACK, known_at__lte=now)
    streams = labels.order_by("-position").values_list("event_stream", flat=True)[:MAX_LABELS]
    for stream in read_streams(list(streams), version=1).values():
        yield stream[0].data["fields"]
