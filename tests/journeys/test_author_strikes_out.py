"""An author breaks the rules three times, and the next harmless post is limited; old strikes weigh nothing.

Undoing one of the verdicts lifts its strike and with it the limit. Uses real PostgreSQL and Redis; the
platform calls the API and the moderator sends the forms of the pages. The lane runs in this process.
"""

from collections.abc import Callable
from datetime import timedelta

from reviews.models import Case
from tests.factories.community import SPAM, Forum, Moderator
from tests.factories.rules import store_rule

HARMLESS = "What a lovely morning in the garden"
FOLLOWERS = "Cheap followers at https://followers.example"
RULE = {"event_type": "content", "code": "STRUCK_OUT", "sentence": "The author has three strikes in 30 days"}


def test_an_author_strikes_out(forum: Callable[..., Forum]) -> None:
    platform, ana = forum(), Moderator("ana")
    store_rule("active", event_type="content", name="links", expression="text_links >= 1", outcome="review")
    store_rule("active", name="out", expression="author_strike_count_30d >= 3", outcome="limit", **RULE)

    # Three posts are removed, each with a strike. Until the third, a harmless post is left alone.
    cases = []
    for number in range(3):
        assert harmless(platform, "max", f"P-before-{number}") == ("allow", float(number))
        platform.publish(f"P-bad-{number}", author="max", text=f"{FOLLOWERS}/{number}")
        cases.append(struck(ana, ana.take_next()))
        platform.work()

    # The next post is harmless, and limited: the answer says why. So is it for no other author.
    answer = platform.publish("P-after", author="max", text=HARMLESS)
    assert answer["decision"]["outcome"] == "limit"
    assert answer["decision"]["reasons"][0]["text"] == "The author has three strikes in 30 days"
    assert platform.read("P-after", "statement")["decision"]["restriction"] == "demotion"
    assert harmless(platform, "eve", "P-eve") == ("allow", 0.0)

    # Strikes that another system gave more than 30 days ago no longer count, except in longer windows.
    for number in range(3):
        old = {"author": "old", "policy": "spam", "content": "P-old"}
        platform.send("strike", f"S-{number}", ago=timedelta(days=40 - number), **old)
    assert harmless(platform, "old", "P-old-now") == ("allow", 0.0)
    assert platform.feature("P-old-now", "author_strike_count_90d") == 3.0

    # One verdict is undone: its strike is lifted, and the author's next post is not limited any more.
    assert "Verdict undone and its label retracted" in ana.act(cases[1], "undo")
    platform.work()
    assert harmless(platform, "max", "P-undone") == ("allow", 2.0)


def struck(moderator: Moderator, case: Case) -> Case:
    """The case, decided as spam with a strike."""
    moderator.decide(case, "violating", **SPAM, strike="yes")
    return case


def harmless(platform: Forum, author: str, external_id: str) -> tuple[str, float]:
    """The outcome of a harmless post of the author, and the strikes that it was decided on."""
    answer = platform.publish(external_id, author=author, text=HARMLESS)
    return answer["decision"]["outcome"], platform.feature(external_id, "author_strike_count_30d")
