"""Moderated notes with policies, and the types that record strikes, appeals and reports about them."""

from scoring.catalog.event_type import EventType, Labels, days
from scoring.catalog.fields import Category, Entity, Number, Text
from scoring.catalog.policies import LAW, Policy, ReasonCode, VerdictWords
from scoring.declare import hour_of_day


class Note(EventType):
    name, lane, matures_after = "note", "board", days(7)
    labels = Labels(positive="violating", negative="acceptable")
    outcomes = ("allow", "label", "limit", "review", "block")
    outcome_titles = {"block": "remove"}
    policies = (
        Policy(
            "spam",
            title="Spam",
            description="Unwanted advertising, sent to many",
            reason_codes=(
                ReasonCode("advertising", "Unwanted advertising"),
                ReasonCode("same_text", "The same text many times"),
            ),
            reference="Rules, section 2",
        ),
        Policy(
            "threat",
            title="Threats",
            description="Announces violence",
            reason_codes=(ReasonCode("announces_violence", "Announces violence against a person"),),
            sensitive=True,
            ground=LAW,
            reference="Penal code, section 107",
        ),
    )
    verdicts = {
        "violating": VerdictWords("Violates a policy", "v"),
        "acceptable": VerdictWords("Leave up", "l", (ReasonCode("within_rules", "Within the rules"),)),
    }
    strikes, appeals, reports = "note_strike", "note_appeal", "note_report"
    conversation = "thread"

    author = Entity()
    thread = Entity(optional=True)
    text = Text(optional=True)
    copy = Entity(kind="text_copy", optional=True)
    band = Entity(kind="text_band", optional=True)

    features = [hour_of_day(), author.count(over="1h 24h")]


class NoteStrike(EventType):
    name, lane, scored = "note_strike", "board", False
    author = Entity()
    policy = Category()
    weight = Number(optional=True)
    reason = Category(optional=True)
    content = Entity(kind="note_id")


class NoteAppeal(EventType):
    name, lane, scored = "note_appeal", "board", False
    labels = Labels(positive="granted", negative="rejected")
    verdicts = {
        "granted": VerdictWords("Grant", "v", (ReasonCode("misread", "The first verdict misread it"),)),
        "rejected": VerdictWords("Reject", "l", (ReasonCode("rightly_decided", "It was decided rightly"),)),
    }
    author = Entity()
    content = Entity(kind="note_id")
    text = Text(optional=True)


class NoteReport(EventType):
    name, lane, scored = "note_report", "board", False
    reporter = Entity(kind="author")
    content = Entity(kind="note_id")
    thread = Entity(optional=True)
    policy = Category(optional=True)
    text = Text(optional=True)
