"""Signals: what is measured of a value at receipt, so that it is known when only a digest is stored."""

from collections.abc import Mapping
from dataclasses import dataclass

CATEGORY, FLAG = "category", "flag"


@dataclass(frozen=True, slots=True)
class Signal:
    """A number, a flag or a category that is measured of a field's values.

    `noun` is the signal as a thing ("the number of links in the {field}"), of a flag what it says of the
    field ("is a role account"), with `denial` for the opposite. `values`: all names that a category can have;
    without them models freeze a vocabulary. `missing`: when a value that is present has none.
    """

    name: str
    noun: str
    unit: str = FLAG
    denial: str = ""
    counted: str = ""  # of a count, one of the things counted: "link"
    values: tuple[str, ...] = ()
    missing: str = ""
    about: str = ""  # what it is, of a signal that is not measured of one field

    def described(self, field: str) -> str:
        """What it says of a field: "whether the e-mail is a role account"."""
        if self.about:
            return self.about
        return f"whether the {field} {self.noun}" if self.is_flag else self.noun.format(field=field)

    @property
    def is_category(self) -> bool:
        return self.unit == CATEGORY

    @property
    def is_flag(self) -> bool:
        return self.unit == FLAG


Value = int | float | bool | str
Measured = dict[str, Value]


def by_name(*signals: Signal) -> Mapping[str, Signal]:
    return {signal.name: signal for signal in signals}


# `scoring.catalog.signals` measures each of them.
TEXT_SIGNALS = by_name(
    Signal("length", "the number of characters in the {field}", "characters", counted="character"),
    Signal("words", "the number of words in the {field}", "words", counted="word"),
    Signal("links", "the number of links in the {field}", "links", counted="link"),
    Signal(
        "capitals",
        "the share of capitals among the letters in the {field}",
        "share",
        missing="without letters",
    ),
    Signal("digits", "the share of digits in the {field}", "share"),
    Signal("symbols", "the share of punctuation and symbols in the {field}", "share"),
    Signal("longest_run", "the longest run of one character in the {field}", "characters"),
    Signal(
        "hidden_links",
        "the number of links in the {field} that are written for people only",
        "links",
    ),
    Signal(
        "contacts",
        "the number of addresses, numbers, handles and wallets in the {field}",
        "contacts",
        counted="contact",
    ),
    Signal("mentions", "the number of mentions in the {field}", "mentions", counted="mention"),
    Signal("hashtags", "the number of hashtags in the {field}", "hashtags", counted="hashtag"),
    Signal("emoji", "the number of emoji in the {field}", "emoji"),
    Signal("disguises", "the number of words in disguise in the {field}", "words"),
    Signal("disguised", "the share of the {field} that is in disguise", "share"),
    Signal("repetition", "the share of repeated words in the {field}", "share", missing="without words"),
)
# `scoring.catalog.signals.links` measures them.
LINK_SIGNALS = by_name(
    Signal("number", "the number of {field}", "links"),
    Signal("sites", "the number of different domains of the {field}", "domains"),
    Signal("addresses", "the number of {field} to bare IP addresses", "links"),
    Signal("foreign", "the number of {field} to hosts in other scripts than Latin", "links"),
    Signal("insecure", "the number of {field} without encryption", "links"),
)
_MALFORMED_EMAIL = "if it is not of an address's form"
EMAIL_SIGNALS = by_name(
    Signal("is_valid", "has the form of an address", denial="does not have the form of an address"),
    Signal("domain", "the domain of the {field}", CATEGORY, missing=_MALFORMED_EMAIL),
    Signal(
        "is_disposable",
        "is of a disposable domain",
        denial="is not of a disposable domain",
        missing=f"{_MALFORMED_EMAIL} or no list of disposable domains is set",
    ),
    Signal(
        "is_role_account",
        "is a role account",
        denial="is not a role account",
        missing=_MALFORMED_EMAIL,
    ),
    Signal("is_tagged", "has a tag (+)", denial="has no tag (+)", missing=_MALFORMED_EMAIL),
    Signal("length", "the number of characters before the @ of the {field}", "characters"),
    Signal(
        "digits", "the share of digits before the @ of the {field}", "share", missing="with nothing there"
    ),
)
PHONE_TYPES = (
    "mobile",
    "fixed_line",
    "fixed_line_or_mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "voip",
    "personal",
    "pager",
    "company",
    "voicemail",
    "other",
)
PHONE_SIGNALS = by_name(
    Signal("is_valid", "is a valid number", denial="is not a valid number"),
    Signal("country", "the country of the {field}", CATEGORY, missing="if it is not valid or of no country"),
    Signal("type", "the type of the {field}", CATEGORY, values=PHONE_TYPES, missing="if it is not valid"),
)
ADDRESS_SIGNALS = by_name(
    Signal("is_private", "is private or reserved", denial="is a public address"),
    Signal("is_ipv6", "is IPv6", denial="is IPv4"),
)
USER_AGENT_SIGNALS = by_name(
    Signal("family", "the browser family of the {field}", CATEGORY, missing="if it is not known"),
    Signal("system", "the operating system of the {field}", CATEGORY, missing="if it is not known"),
    Signal("is_bot", "is a bot's", denial="is not a bot's"),
)
_UNPROCESSED = "until they are processed"
# `scoring.catalog.media.facts` computes them of what is known of the files.
MEDIA_SIGNALS = by_name(
    Signal("count", "the number of {field}", "files"),
    Signal("images", "the number of pictures among the {field}", "pictures"),
    Signal("videos", "the number of videos among the {field}", "videos"),
    Signal("pending", "the number of {field} that are not processed yet", "files"),
    Signal("failed", "could not all be processed", denial="could all be processed"),
    Signal("nsfw", "the highest score for sexual content of the {field}", "share", missing=_UNPROCESSED),
    Signal("quality", "the lowest quality of the hashes of the {field}", "number", missing=_UNPROCESSED),
)
SIMILARITY = "similarity"
NETWORK_PREFIX = "in_"


def similarity_signal(policy: str = "") -> Signal:
    """How near a text is to the nearest one known to break a policy; "": to be bad at all.

    It is known once the text was embedded (`scoring.content.embeddings`), never at receipt.
    """
    known = f"for {policy.replace('_', ' ')}" if policy else "to be bad"
    return Signal(
        f"{SIMILARITY}_{policy}" if policy else SIMILARITY,
        f"the similarity of the {{field}} to the nearest text known {known}",
        "share",
        missing="until it is compared with known texts, or if none is similar",
    )


def network_signal(network: str) -> Signal:
    """Whether an address lies in a network list that the installation names."""
    words = network.replace("_", " ")
    return Signal(
        f"{NETWORK_PREFIX}{network}",
        f"is in {words}",
        denial=f"is not in {words}",
        missing="if no such network list is set",
    )


def signal_column(field: str, signal: str) -> str:
    """The name under which events carry the signal of a field."""
    return f"{field}.{signal}"
