"""Content that people publish: posts, comments, messages, profiles, listings; and what happens around it.

Only `content` is scored. Accounts, reports, strikes and appeals are in its lane, so that its features count
them. `says` is how reasons name an entity's events.
"""

from scoring.catalog.event_type import EventType, Labels, days
from scoring.catalog.fields import Category, Entity, IpAddress, Number, Text
from scoring.catalog.media.attachments import Attachments
from scoring.catalog.policies import ReasonCode, VerdictWords
from scoring.declare import day_of_week, hour_of_day, pair
from scoring.event_types.content_policies import CONTENT_POLICIES, CONTENT_VERDICTS

MAX_TEXT = 50_000
POLICY_NAMES = tuple(policy.name for policy in CONTENT_POLICIES)


class Account(EventType):
    """A sign-up, or what was done to an account since."""

    name, lane, scored = "account", "community", False

    author = Entity(help="The account")
    action = Category(
        values=("sign_up", "verify", "rename", "ban", "unban", "delete"),
        help="What happened: a sign-up, or what was done to the account",
    )
    device = Entity(optional=True, help="Fingerprint of the device")
    ip = IpAddress(optional=True, help="IP address of the request")


class Report(EventType):
    """A user flags content, or its author."""

    name, lane, scored = "report", "community", False

    reporter = Entity(kind="author", help="The account that reports")
    author = Entity(optional=True, help="The account that is reported")
    content = Entity(optional=True, help="The id of the content that is reported")
    thread = Entity(optional=True, help="Where the content stands")
    policy = Category(optional=True, values=POLICY_NAMES, help="The policy that is said to be broken")
    text = Text(optional=True, max_length=10_000, help="What the reporter says about it")


class Strike(EventType):
    """Given to an author by a verdict; lifted when the verdict is undone or overturned."""

    name, lane, scored = "strike", "community", False

    author = Entity(help="The account that gets the strike")
    policy = Category(values=POLICY_NAMES, help="The policy that was broken")
    weight = Number(optional=True, minimum=0, maximum=10, help="How much it counts; 1 unless given")
    reason = Category(optional=True, help="Reason code of the verdict")
    content = Entity(optional=True, help="The id of the content")


class Appeal(EventType):
    """An author objects to a decision on their content."""

    name, lane, scored = "appeal", "community", False
    labels = Labels(positive="granted", negative="rejected")
    verdicts = {
        "granted": VerdictWords(
            "Grant",
            "v",
            (
                ReasonCode("misjudged", "The content breaks no policy"),
                ReasonCode("too_severe", "The action was too severe"),
                ReasonCode("new_facts", "The appeal names facts that were not known"),
            ),
        ),
        "rejected": VerdictWords(
            "Reject",
            "l",
            (
                ReasonCode("rightly_decided", "The decision was right"),
                ReasonCode("no_reasons", "The appeal gives no reasons"),
            ),
        ),
    }

    author = Entity(help="The account that appeals")
    content = Entity(help="The id of the content")
    text = Text(optional=True, max_length=10_000, help="Why the author objects")


class Content(EventType):
    """A post, a comment, a message, a profile or a listing."""

    name, lane = "content", "community"
    matures_after = days(7)
    labels = Labels(positive="violating", negative="acceptable")
    outcomes = ("allow", "label", "limit", "review", "block")
    outcome_titles = {"block": "remove"}
    policies, verdicts = CONTENT_POLICIES, CONTENT_VERDICTS
    strikes, appeals, reports = "strike", "appeal", "report"
    conversation = "thread"
    failure_outcome = "allow"
    no_model_outcome = "allow"
    nominal_stake = 100

    kind = Category(
        values=("post", "comment", "message", "profile", "listing"),
        help="What it is",
    )
    author = Entity(says="by this author", help="The account that publishes it")
    target = Entity(optional=True, says="to this target", help="The account or page that it is addressed to")
    thread = Entity(optional=True, says="in this thread", help="The discussion that it is part of")
    device = Entity(optional=True, says="on this device", help="Fingerprint of the device")
    ip = IpAddress(optional=True, says="from this address", help="IP address of the author")
    text = Text(optional=True, max_length=MAX_TEXT, help="What is written")
    attachments = Attachments(optional=True, help="The ids of uploaded pictures and videos")
    media_1, media_2, media_3, media_4 = attachments.each(4)
    image_band_1, image_band_2, image_band_3, image_band_4 = attachments.bands(4)

    features = [
        kind,
        hour_of_day(),
        day_of_week(),
        # What does the text look like
        text.length(),
        text.words(),
        text.links(),
        text.capitals(),
        text.digits(),
        text.symbols(),
        text.longest_run(),
        # What labeled texts does it resemble
        text.resemblance(),
        text.resemblance("spam"),
        text.resemblance("harassment"),
        text.resemblance("hate"),
        text.resemblance("sexual"),
        text.resemblance("violence"),
        text.resemblance("scam"),
        # What is attached
        attachments.count(),
        attachments.videos(),
        attachments.nsfw(),
        attachments.quality(),
        attachments.failed(),
        # Who else published the same file, or one that looks the same
        media_1.count(over="1h 24h 30d"),
        media_1.distinct(author, over="1h 24h"),
        media_1.fraud_share(over="30d", delay="0d"),
        image_band_1.count(over="1h 24h 30d"),
        image_band_1.distinct(author, over="1h 24h"),
        image_band_1.fraud_share(over="30d", delay="0d"),
        image_band_2.count(over="24h"),
        image_band_2.distinct(author, over="24h"),
        # How busy and how new is the author
        author.count(over="10m 1h 24h 7d"),
        author.since_last(),
        author.since_first(),
        author.session(gap="10m").count(),
        author.distinct(thread, over="1h 24h"),
        author.distinct(target, over="1h 24h"),
        pair(author, target).count(over="24h 30d"),
        author.fraud_share(over="30d", delay="0d"),
        # What is known about the author
        author.count(over="30d", of="account", where=Account.action.is_("sign_up")),
        author.count(over="7d 30d 90d", of="strike"),
        author.as_("author").count(over="24h 7d", of="report"),
        author.as_("author").distinct(Report.reporter, over="7d", of="report"),
    ]
