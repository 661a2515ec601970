"""The policies that content may break, and the words in which reviewers judge it."""

from scoring.catalog.policies import LAW, Policy, ReasonCode, VerdictWords

CONTENT_POLICIES = (
    Policy(
        "spam",
        title="Spam",
        description="Advertising, links and texts that are sent to many who did not ask for them",
        reason_codes=(
            ReasonCode("advertising", "Unwanted advertising"),
            ReasonCode("repetition", "The same text many times"),
            ReasonCode("fake_engagement", "Buys or sells followers, likes or views"),
            ReasonCode("deceptive_link", "A link that is not what it seems"),
        ),
    ),
    Policy(
        "harassment",
        title="Harassment",
        description="Insults, threats or pursues a person",
        reason_codes=(
            ReasonCode("insult", "Insults a person"),
            ReasonCode("raid", "Part of an organized attack on a person"),
            ReasonCode("private_data", "Publishes private data"),
            ReasonCode("sexual_harassment", "Unwanted sexual advances"),
        ),
        sensitive=True,
    ),
    Policy(
        "hate",
        title="Hate",
        description="Attacks people because of their origin, religion, sex, disability or orientation",
        reason_codes=(
            ReasonCode("slur", "Uses a slur against a group"),
            ReasonCode("dehumanizing", "Denies people their dignity"),
            ReasonCode("incitement", "Incites hatred against a group"),
            ReasonCode("symbol", "Shows symbols of hate"),
        ),
        sensitive=True,
        ground=LAW,
    ),
    Policy(
        "sexual",
        title="Sexual content",
        description="Nudity or sexual acts where they are not allowed",
        reason_codes=(
            ReasonCode("nudity", "Nudity"),
            ReasonCode("sexual_act", "A sexual act"),
            ReasonCode("solicitation", "Offers or asks for sexual services"),
            ReasonCode("without_consent", "Published without the consent of the person shown"),
        ),
        sensitive=True,
    ),
    Policy(
        "violence",
        title="Violence",
        description="Threatens, glorifies or shows violence",
        reason_codes=(
            ReasonCode("threat", "Threatens with violence"),
            ReasonCode("glorification", "Glorifies violence"),
            ReasonCode("graphic", "Shows severe injury or death"),
            ReasonCode("self_harm", "Encourages self-harm"),
        ),
        sensitive=True,
        ground=LAW,
    ),
    Policy(
        "scam",
        title="Scam",
        description="Deceives people to get their money or their data",
        reason_codes=(
            ReasonCode("phishing", "Asks for passwords or card data"),
            ReasonCode("false_offer", "An offer that does not exist"),
            ReasonCode("impersonation", "Pretends to be somebody else"),
            ReasonCode("investment", "Promises high returns"),
        ),
        ground=LAW,
    ),
)

CONTENT_VERDICTS = {
    "violating": VerdictWords("Violates a policy", "v"),
    "acceptable": VerdictWords(
        "Leave up",
        "l",
        (
            ReasonCode("within_rules", "Within the rules"),
            ReasonCode("counter_speech", "Quotes in order to condemn"),
            ReasonCode("humor", "Humor or satire"),
            ReasonCode("news", "News or education"),
        ),
    ),
}
