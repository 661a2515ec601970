"""A post is removed by a moderator. Its author reads why and appeals; another moderator grants the appeal.

The platform reads from the API that the post is to be restored. Uses real PostgreSQL and Redis; the platform
calls the API and the moderators send the forms of their pages. The lane runs in this process.
"""

from collections.abc import Callable

from django.urls import reverse

from reviews.models import Case
from scoring.intake.models import Label
from tests.factories.community import SPAM, Forum, Moderator
from tests.factories.rules import store_rule

QUOTATION = "Somebody wrote to me: buy cheap followers at https://followers.example now. Do not fall for it!"


def test_an_appeal_restores_a_post(forum: Callable[..., Forum]) -> None:
    platform, ana, ben = forum(), Moderator("ana"), Moderator("ben")
    store_rule("active", event_type="content", name="links", expression="text_links >= 1", outcome="review")

    # The post goes to review. A moderator removes it, with a strike against its author.
    posted = platform.publish("P-1", author="mia", text=QUOTATION)
    assert (posted["decision"]["outcome"], posted["review"]) == ("review", None)
    ana.decide(ana.take_next(), "violating", **SPAM, strike="yes")
    platform.work()
    removed = platform.read("P-1")["review"]
    assert (removed["action"], removed["policies"], removed["strike"]) == ("block", ["spam"], True)
    assert strikes_of_next_post(platform, "P-2") == 1.0

    # The statement of reasons tells the author what was decided, why, and how to object.
    statement = platform.read("P-1", "statement")
    assert statement["decision"]["restriction"] == "removal"
    assert statement["facts"]["found"] == ["Unwanted advertising"]
    assert [each["policy"] for each in statement["grounds"]] == ["spam"]
    assert statement["automated_means"]["decision"] is False
    assert statement["redress"]["internal_complaint"]["free"] is True

    # The author appeals. The queue keeps the appeal from the first moderator and gives it to another.
    platform.send("appeal", "A-1", author="mia", content="P-1", text="I warned of this, I quoted it.")
    platform.work()
    appeal = Case.objects.get(why="appeal")
    assert "against your own verdict" in ana.act(appeal, "claim")
    assert ben.take_next() == appeal
    page = ben.client.get(reverse("admin:case", args=[appeal.pk])).content.decode()
    assert "I warned of this, I quoted it." in page
    assert QUOTATION in page
    ben.decide(appeal, "granted", reason_code="misjudged")
    platform.work()

    # The label is changed, the strike no longer counts, and the API and the statement say so.
    assert Label.objects.filter(event_stream="content/forum/P-1").latest("position").effective == "acceptable"
    assert strikes_of_next_post(platform, "P-3") == 0.0
    restored = platform.read("P-1")["review"]
    assert (restored["verdict"], restored["overturned"], restored["action"]) == ("acceptable", True, "allow")
    assert restored["strike"] is False
    ended = platform.read("P-1", "statement")["decision"]
    assert (ended["overturned"], ended["duration"]) == (True, "ended")
    assert ended["ended_at"] == restored["decided_at"]


def strikes_of_next_post(platform: Forum, external_id: str) -> float:
    """How many strikes the next post of the author is decided on."""
    platform.publish(external_id, author="mia", text="Good morning")
    return platform.feature(external_id, "author_strike_count_30d")
