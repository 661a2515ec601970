"""Lists in words: what a hit does, and how values match."""

from scoring.rules.lists.definitions import ListDefinition
from scoring.rules.lists.kinds import listed_kinds

ACTION_WORDS = {
    "block": ("Block", "blocks the event, whatever rules and model say"),
    "allow": ("Allow", "allows the event, unless it is on a list that blocks"),
    "watch": ("Watch", "sends the event to review, unless something more severe decides"),
    "tag": ("Tag", "decides nothing by itself; rules can read it"),
}
ACTION_TONES = {"block": "bad", "allow": "good", "watch": "warn", "tag": "info"}
MATCH_WORDS = {
    "value": "the value itself",
    "network": "networks (CIDR) and addresses",
    "domain": "domains and their subdomains",
    "sha256": "SHA-256 digests of the value",
}
EXAMPLES = {
    "network": ("203.0.113.0/24", "2001:db8::/32"),
    "domain": ("mail.example", ".example"),
    "sha256": ("2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",),
}


def holds_words(definition: ListDefinition) -> str:
    """What a list holds: "cards", "networks of IP addresses"."""
    kind = listed_kinds().get(definition.kind)
    words = plural(kind.words if kind else definition.kind)
    of = {"network": "networks of", "domain": "domains of", "sha256": "digests of"}.get(definition.match)
    return f"{of} {words}" if of else words


def plural(noun: str) -> str:
    """A kind of values as a plural.

    >>> plural("card"), plural("category"), plural("IP address")
    ('cards', 'categories', 'IP addresses')
    """
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "ch", "sh")) else f"{noun}s"


def examples(definition: ListDefinition) -> tuple[str, ...]:
    """Values as they can be entered."""
    kind = listed_kinds().get(definition.kind)
    if definition.match == "value":
        return ("203.0.113.7",) if kind and kind.is_address else (f"{definition.kind}-1234",)
    return EXAMPLES[definition.match]
