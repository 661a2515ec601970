"""Content that people publish: posts, comments, messages, profiles, listings; and what happens around it.

Only `content` is scored. Accounts, reports, strikes and appeals are in its lane, so that its features count
them. `says` is how reasons name an entity's events.
"""

from scoring.batch.risk.view import Risk
from scoring.catalog.client_fields import IpAddress
from scoring.catalog.event_type import EventType, Labels, days
from scoring.catalog.fields import Category, Entity, Number, Text
from scoring.catalog.media.attachments import Attachments
from scoring.catalog.policies import ReasonCode, VerdictWords
from scoring.catalog.text_fields import Language, Links
from scoring.declare import day_of_week, hour_of_day, pair
from scoring.event_types.appeal_parties import PARTIES
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
    party = Category(optional=True, values=PARTIES, help="Who appeals, where not the author")
    party_name = Text(optional=True, max_length=200, help="The name of who appeals, of third parties")
    text = Text(optional=True, max_length=10_000, help="Why they object")


class Content(EventType):
    """A post, a comment, a message, a profile or a listing."""

    name, lane = "content", "community"
    matures_after = days(7)
    labels = Labels(positive="violating", negative="acceptable")
    outcomes = ("allow", "label", "limit", "review", "block")
    outcome_titles = {"block": "remove"}
    noun, noun_field = "post", "kind"
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
    language = Language(of=text, help="The language of the text: given, or else detected")
    links = Links(of=text, help="The links: given, or else found in the text")
    attachments = Attachments(optional=True, help="The ids of uploaded pictures and videos")
    media_1, media_2, media_3, media_4 = attachments.each(4)
    image_band_1, image_band_2, image_band_3, image_band_4 = attachments.bands(4)

    # What posts have in common: copies and near-duplicates of a text, sites, ways to reach somebody
    text_copy = text.copy()
    text_band_1, text_band_2, text_band_3, text_band_4 = text.bands(4)
    domain_1, domain_2, domain_3 = links.domains(3)
    contact_1, contact_2 = text.each_contact(2)

    # How bad the scores of the author's posts were lately: for rules, not for models
    author_risk = Risk(author, half_life="7d", every="6h", stale_after="3d")
    rule_features = [author_risk.score.named("author_risk")]

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
        text.hidden_links(),
        text.contacts(),
        text.mentions(),
        text.hashtags(),
        text.emoji(),
        text.disguises(),
        text.disguised(),
        text.repetition(),
        language,
        links.number(),
        links.sites(),
        links.addresses(),
        links.foreign(),
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
        # The same text from many authors, also where each changes a little
        text_copy.count(over="10m 24h 7d"),
        text_copy.distinct(author, over="10m 24h"),
        text_copy.since_first(),
        text_copy.fraud_share(over="30d", delay="0d"),
        text_band_1.distinct(author, over="10m 24h", cap=16),
        text_band_2.distinct(author, over="10m 24h", cap=16),
        text_band_3.distinct(author, over="10m 24h", cap=16),
        text_band_4.distinct(author, over="10m 24h", cap=16),
        text_band_1.fraud_count(over="30d", delay="0d"),
        text_band_2.fraud_count(over="30d", delay="0d"),
        text_band_3.fraud_count(over="30d", delay="0d"),
        text_band_4.fraud_count(over="30d", delay="0d"),
        # Sites that are new here, or that many link to at once; ways to reach somebody that many name
        domain_1.since_first(),
        domain_1.count(over="1h 30d"),
        domain_1.distinct(author, over="1h 24h"),
        domain_1.fraud_share(over="30d", delay="0d"),
        (
            domain_1.count(over="24h")
            + domain_1.as_(domain_2).count(over="24h")
            + domain_1.as_(domain_3).count(over="24h")
        ).named("domain_in_any_place_24h", says="The number of posts with the first domain is {value}"),
        domain_2.since_first(),
        domain_2.distinct(author, over="24h"),
        contact_1.count(over="24h"),
        contact_1.distinct(author, over="24h 7d"),
        contact_1.fraud_count(over="30d", delay="0d"),
        # Raids: a thread or a target that suddenly many write to, or report
        thread.count(over="10m 1h 24h"),
        thread.distinct(author, over="10m 1h"),
        thread.count(over="1h", of="report"),
        target.count(over="10m 1h 24h"),
        target.distinct(author, over="10m 1h 24h"),
        # Farms of accounts, and authors who come back after a ban
        device.distinct(author, over="24h 30d"),
        device.count(over="24h", of="account", where=Account.action.is_("sign_up")),
        device.count(over="90d", of="account", where=Account.action.is_("ban")),
        device.fraud_share(over="30d", delay="0d"),
        ip.count(over="10m"),
        ip.distinct(author, over="1h 24h"),
        ip.count(over="24h", of="account", where=Account.action.is_("sign_up")),
        ip.count(over="30d", of="account", where=Account.action.is_("ban")),
    ]
