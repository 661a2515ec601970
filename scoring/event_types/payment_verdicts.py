"""The words in which reviewers judge payments."""

from scoring.catalog.policies import ReasonCode, VerdictWords

PAYMENT_VERDICTS = {
    "fraud": VerdictWords(
        "Fraud",
        "f",
        (
            ReasonCode("denied_by_customer", "The customer says it was not them"),
            ReasonCode("stolen_card", "Stolen or copied card"),
            ReasonCode("account_takeover", "Account takeover"),
            ReasonCode("known_pattern", "Matches a known fraud pattern"),
            ReasonCode("linked_to_fraud", "Shares a card, device or address with confirmed fraud"),
            ReasonCode("false_identity", "False identity or address"),
            ReasonCode("first_party", "First-party fraud: the customer intends to dispute it"),
        ),
        outcome="block",
    ),
    "legitimate": VerdictWords(
        "Legitimate",
        "l",
        (
            ReasonCode("confirmed_by_customer", "The customer confirms it"),
            ReasonCode("usual_behaviour", "Matches the customer's usual behavior"),
            ReasonCode("explained_change", "Unusual but explained (travel, a gift, a new device)"),
            ReasonCode("trusted_party", "Trusted counterparty"),
        ),
        outcome="allow",
    ),
}
