"""Appeals against decisions on payments."""

from scoring.catalog.event_type import EventType, Labels
from scoring.catalog.fields import Category, Entity, Text
from scoring.catalog.policies import ReasonCode, VerdictWords
from scoring.event_types.appeal_parties import PARTIES


class PaymentAppeal(EventType):
    """The affected, or a third party such as the cardholder's bank, object to a decision on a payment."""

    name, lane, scored = "payment_appeal", "commerce", False
    labels = Labels(positive="granted", negative="rejected")
    verdicts = {
        "granted": VerdictWords(
            "Grant",
            "v",
            (
                ReasonCode("payment_legitimate", "The payment was legitimate"),
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

    payment = Entity(help="The id of the payment")
    party = Category(optional=True, values=PARTIES, help="Who appeals")
    party_name = Text(optional=True, max_length=200, help="The name of who appeals, of third parties")
    text = Text(optional=True, max_length=10_000, help="Why they object")
