"""The community's rules, policy and hash bank, as a moderator and a lead would have set them up."""

from collections.abc import Iterator
from datetime import datetime

import numpy as np
import pandas as pd

from demo.community.pictures import draw_picture
from demo.demo_ruleset import ANALYST, LEAD, activate_policy, activate_rule, limit_blocks
from scoring.event_types.content_policies import CONTENT_POLICIES
from scoring.images.hashes import hash_text
from scoring.images.pdq import pdq
from scoring.rules.banks.changing.adding import add_items
from scoring.rules.banks.changing.defining import define_bank
from scoring.rules.banks.changing.items import NewItem
from scoring.rules.breaker.settings import BreakerSettings
from scoring.rules.rules.drafting import RuleDraft

EVENT_TYPE = "content"
BANK = "known_sexual_pictures"
MAX_KNOWN = 50  # pictures in the bank

ACTIVE_RULES = (
    RuleDraft(
        EVENT_TYPE,
        "same_text_from_many",
        "text_copy_distinct_author_10m >= 3",
        "limit",
        "Three or more other accounts published this text within ten minutes",
        description="Spam waves repeat a text, also in disguise: homoglyphs, spaces and digits for letters.",
    ),
    RuleDraft(
        EVENT_TYPE,
        "similar_text_from_many",
        "text_band_1_distinct_author_10m >= 3 || text_band_2_distinct_author_10m >= 3"
        " || text_band_3_distinct_author_10m >= 3 || text_band_4_distinct_author_10m >= 3",
        "limit",
        "Three or more other accounts published nearly this text within ten minutes",
    ),
    RuleDraft(
        EVENT_TYPE,
        "link_of_a_new_account",
        "text_links >= 1 && author_count_7d < 3.0",
        "label",
        "A new account posts a link",
        description="Readers are told that the link was not checked; most of these posts are harmless.",
    ),
    RuleDraft(
        EVENT_TYPE,
        "author_with_a_strike",
        "author_strike_count_7d >= 1.0",
        "limit",
        "The author got a strike within the last week",
        description="Content of members who broke a policy reaches fewer people for a week.",
    ),
    RuleDraft(
        EVENT_TYPE,
        "raid_on_one_member",
        "target_distinct_author_10m >= 5 && author_since_first < 86400",
        "review",
        "Many accounts write to one member at once, and this one is new",
        description="Raids come from new accounts that all address one person.",
    ),
    RuleDraft(
        EVENT_TYPE,
        "risky_author",
        "has(author_risk) && author_risk > 0.9",
        "review",
        "The author's posts of the last days had high scores",
        description="Members whose posts were doubtful lately are looked at for some days.",
    ),
)
# A wrong removal costs trust; so content is limited first, and removed only if the score is very high.
# They hold for each content policy too: the model's own would send to review what is to be limited.
STEPS = {"mode": "fixed", "thresholds": {"label": 0.05, "limit": 0.12, "review": 0.4, "block": 0.9}}
THRESHOLDS = {
    **STEPS,
    "policies": {policy.name: STEPS for policy in CONTENT_POLICIES},
    "description": "Label the doubtful, limit the likely, have people look, remove the nearly certain.",
}
# Two spam waves of forty posts each are still no fault: they are not most of what six hours bring.
BREAKER = BreakerSettings(max_share=0.6, min_events=150, window_s=6 * 3_600)


def configure_community(*, history: pd.DataFrame, now: datetime) -> None:
    """Set up everything. `history`: the community's days so far, whose forbidden pictures are known."""
    for draft in ACTIVE_RULES:
        activate_rule(draft, why="Seen in last month's reports", now=now)
    activate_policy(EVENT_TYPE, THRESHOLDS, why="Agreed with the community team", now=now)
    limit_blocks(EVENT_TYPE, BREAKER, now=now)
    define_bank(
        name=BANK,
        title="Sexual pictures that were removed before",
        action="block",
        policy="sexual",
        sentence="This picture was removed before",
        actor=LEAD,
        now=now,
    )
    add_items(bank=BANK, items=list(_known_pictures(history)), actor=ANALYST, now=now)


def _known_pictures(history: pd.DataFrame) -> Iterator[NewItem]:
    """The originals of the pictures that were posted last."""
    numbers = history.picture.dropna().astype(int).drop_duplicates(keep="last")
    for number in numbers.tail(MAX_KNOWN):
        found = pdq(np.asarray(draw_picture(number)))
        yield NewItem(
            hash_text(found.variants[0]),
            quality=found.quality,
            source="moderation",
            reason="Removed after a review",
        )
