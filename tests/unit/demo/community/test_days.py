"""Days of the simulated community."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from demo.community.campaigns import CAMPAIGNS
from demo.community.days import draw_days, simulate_community
from demo.community.free_texts import OTHER_LANGUAGES, SHORT_TEXTS
from demo.community.members import Community, make_community
from demo.community.phrases import BREAKING
from demo.community.strikes import with_strikes
from demo.community.traffic import draw_messages, event_body
from demo.simulation.sender import EVENTS
from scoring.catalog.registry import event_type

UNTIL = datetime(2026, 3, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def community() -> Community:
    return make_community(seed=3, members=200)


@pytest.fixture(scope="module")
def frame(community: Community) -> pd.DataFrame:
    return simulate_community(community, days=14, end=UNTIL, rate=60)


def test_every_event_is_one_that_its_type_accepts(frame: pd.DataFrame) -> None:
    for row in frame.to_dict("records"):
        parsed = event_type(row["type"]).parse(event_body(row), now=UNTIL)
        assert parsed.external_id == row["id"]


def test_every_policy_is_broken_and_every_campaign_occurs(frame: pd.DataFrame) -> None:
    assert (
        set(frame.truth) == {"", *BREAKING} == {"", *(each.name for each in event_type("content").policies)}
    )
    assert set(frame.scenario) == {"", *CAMPAIGNS}


def test_labels_follow_their_content_and_say_what_it_breaks(frame: pd.DataFrame) -> None:
    labeled = frame[frame.label.notna()]
    assert set(labeled.type) == {"content"}
    assert (labeled.label_known_at > labeled.occurred_at).all()
    assert ((labeled.label == "violating") == (labeled.truth != "")).all()
    assert (labeled.policies == labeled.truth).all()


def test_periods_that_overlap_have_the_same_events(community: Community, frame: pd.DataFrame) -> None:
    later = draw_days(community, first=(UNTIL - timedelta(days=4)).date(), until=UNTIL, rate=60)
    since = UNTIL - timedelta(days=2)
    pd.testing.assert_frame_equal(
        later[later.occurred_at >= since].reset_index(drop=True),
        frame[frame.occurred_at >= since].reset_index(drop=True),
    )


def test_a_raid_is_many_accounts_at_one_target_within_minutes(frame: pd.DataFrame) -> None:
    raids = frame[(frame.scenario == "raid") & (frame.type == "content")].groupby("target")
    for _, raid in raids:
        assert raid.author.nunique() >= 3
        assert raid.thread.nunique() == 1
        assert raid.occurred_at.max() - raid.occurred_at.min() < 60 * MINUTE


def test_labels_of_earlier_content_are_sent_only_if_it_was_received(community: Community) -> None:
    since = UNTIL - timedelta(days=1)
    every = draw_messages(community, since=since, until=UNTIL, received=set, rate=60)
    none = draw_messages(community, since=since, until=UNTIL, received=lambda ids: (), rate=60)
    events = [message for message in every if message[1] == EVENTS]
    assert [message for message in none if message[1] == EVENTS] == events
    assert len(none) < len(every)
    assert [at for at, _, _ in every] == sorted(at for at, _, _ in every)


def test_the_past_has_a_strike_for_each_label_of_a_violation(frame: pd.DataFrame) -> None:
    found = with_strikes(frame)
    strikes, violating = found[found.type == "strike"], frame[frame.label == "violating"]
    assert found.occurred_at.is_monotonic_increasing
    assert len(found) == len(frame) + len(strikes)
    given = strikes.set_index("content").loc[violating.id]
    assert given.author.tolist() == violating.author.tolist()
    assert given.occurred_at.tolist() == violating.label_known_at.tolist()
    for row in strikes.to_dict("records"):
        event_type("strike").parse(event_body(row), now=row["occurred_at"])


def test_harmless_content_is_also_short_foreign_rare_or_a_picture_alone(frame: pd.DataFrame) -> None:
    harmless = frame[(frame.type == "content") & (frame.truth == "")]
    assert harmless.picture[harmless.text.isna()].notna().all()
    texts = set(harmless.text.dropna())
    for shown in (SHORT_TEXTS, OTHER_LANGUAGES):
        assert texts & set(shown)
    words = Counter(word for text in texts for word in set(text.split()))
    rare = harmless.text.dropna().map(lambda text: max(words[word] for word in text.split()) == 1)
    assert 0.03 < rare.mean() < 0.2
    assert 0.02 < harmless.text.isna().mean() < 0.08


def test_newcomers_are_harmless_too(frame: pd.DataFrame) -> None:
    newcomers = frame[frame.author.fillna("").str.startswith("joined-")]
    signed_up = newcomers[newcomers.action == "sign_up"].set_index("author").occurred_at
    content = newcomers[newcomers.type == "content"]
    assert content.author.nunique() >= 20
    assert set(content.truth) == {""}
    assert (content.occurred_at >= content.author.map(signed_up)).all()
