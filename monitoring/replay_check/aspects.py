"""The aspects of a decision in words, as the replay check compares them."""

# Aspect -> (a noun phrase for it, what it is), in processing order.
ASPECTS_IN_WORDS: dict[str, tuple[str, str]] = {
    "vector": ("the features", "Every feature of the vector that reads only sampled entities."),
    "margin": ("the margin", "The model's raw score, in log-odds."),
    "score": ("the score", "The calibrated score."),
    "contributions": ("the contributions", "What each feature added to the margin."),
    "policies": (
        "the policies",
        "The score of each policy that the model has a head for, its outcome and its reasons.",
    ),
    "findings": ("the findings", "The lists and rules that matched, and the rules that failed."),
    "thresholds": ("the thresholds", "The policy, its segment, and the thresholds for the event."),
    "decided_by": ("what decided", "List, rule, model or policy, and the outcome that it alone would give."),
    "exploration": ("the exploration", "Whether the event was drawn, and with what probability."),
    "outcome": ("the outcome", "What the caller was told."),
    "reasons": ("the reasons", "The model's reasons, word by word."),
}


def noun_of(aspect: str) -> str:
    """A noun phrase for an aspect, such as "the findings"."""
    return ASPECTS_IN_WORDS[aspect][0]
