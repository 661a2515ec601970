"""Ways to reach somebody, or to pay them, that a text names: addresses, numbers, handles, wallets.

Each is brought to one form, so that the same contact in many texts is found however it is written.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from scoring.texts.normalization import readable_text
from scoring.texts.surveys.survey import MAX_KEPT, survey

MAX_CONTACTS = 20
MAX_LENGTH = 128  # characters of a contact as an id
MAIL, PHONE, HANDLE, WALLET = "mail", "phone", "handle", "wallet"

_AT = re.compile(r"\s?[\[({<]\s?(?:@|at)\s?[\])}>]\s?", re.IGNORECASE)
_DOT = re.compile(r"\s?[\[({<]\s?(?:\.|dot)\s?[\])}>]\s?", re.IGNORECASE)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,4}[^\W\d_]{2,24}(?![\w@])")
MIN_PHONE = 9  # digits
MIN_WALLET = 26  # characters
MIN_RUN = 14  # letters and digits in a row, in the shortest form of a wallet
# Nine digits or more with what stands between them, not part of a longer word, date or price
_PHONE = re.compile(r"(?<![\w./:,#-])(?:\+|00)?\(?\d(?:[ ().\-/\u00a0]{0,2}\d){8,14}(?![\w:/]|[.,]\d)")
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?|\d\d?[./]\d\d?[./]\d{2,4}")
_MESSENGER = re.compile(
    r"(?:https?://)?(?:www\.)?(?:(t|telegram)\.me|(wa)\.me|(discord)\.(?:gg|com/invite)|(instagram)\.com"
    r"|(snapchat)\.com/add|(line)\.me/ti/p|(signal)\.me|(m)\.me|(vk)\.com)/([@+\w.~#/-]{2,64})",
    re.IGNORECASE,
)
_SPELLED_HANDLE = re.compile(
    r"\b(tele?gram|whats ?app|snap(?:chat)?|kik|line id|we ?chat|insta(?:gram)?|discord|signal|viber|skype)"
    r"\s?(?:id|me|name|user|username)?\s?(?::|=|->|@)\s?@?([a-z0-9][\w.]{3,31})",
    re.IGNORECASE,
)
# Parts of the names above, one of which is in each; and letters that expressions without case take for an i
_PARTS_OF_SERVICES = ("gram", "what", "snap", "kik", "line", "chat", "insta", "disc", "sign", "vibe", "skyp")
_LIKE_I = "\u0130\u0131"
_SERVICES = (
    ("tel", "telegram"),
    ("snap", "snapchat"),
    ("insta", "instagram"),
    ("wa", "whatsapp"),
    ("what", "whatsapp"),
    ("line", "line"),
    ("m", "messenger"),
    ("t", "telegram"),
)
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_WALLET = re.compile(
    rf"(?<!\w)(?:(0x[0-9a-fA-F]{{40}})|((?:bc|ltc)1[02-9ac-hj-np-z]{{11,71}})|([13LMDT][{_BASE58}]{{25,34}})"
    rf"|([48][0-9AB][{_BASE58}]{{93}}))(?!\w)"
)


@dataclass(frozen=True, slots=True)
class Contact:
    """A way to reach somebody, in one form: "+436601234567". `kind`: MAIL, PHONE, HANDLE or WALLET."""

    kind: str
    value: str


@lru_cache(maxsize=MAX_KEPT)
def find_contacts(text: str) -> tuple[Contact, ...]:
    """The different contacts in a text, MAX_CONTACTS at most: mail addresses, wallets, handles, numbers.

    >>> [contact.value for contact in find_contacts("Ann [at] example [dot] org or +43 660 123-45-67")]
    ['ann@example.org', '+436601234567']
    """
    readable = readable_text(text)
    revealed = _DOT.sub(".", _AT.sub("@", readable)) if any(sign in readable for sign in "[({<") else readable
    found = dict.fromkeys(_contacts_in(revealed))
    return tuple(found)[:MAX_CONTACTS]


def contact_in(text: str, *, number: int) -> str | None:
    """One of a text's contacts, counted from 1, with its kind; None if there are not so many.

    >>> contact_in("write to ann@example.com", number=1)
    'mail:ann@example.com'
    """
    found = find_contacts(text)[number - 1 : number]
    return f"{found[0].kind}:{found[0].value}"[:MAX_LENGTH] if found else None


def _contacts_in(text: str) -> Iterator[Contact]:
    """Each expression is tried only where it may match: most texts have no contact."""
    found = survey(text)
    if "@" in text:
        yield from (Contact(MAIL, match[0].lower()) for match in _MAIL.finditer(text))
    if found.longest_ascii_word >= MIN_RUN and max(map(len, text.split()), default=0) >= MIN_WALLET:
        yield from (Contact(WALLET, match[0]) for match in _WALLET.finditer(text) if _is_wallet(match))
    if "/" in text:
        yield from (_messenger(match) for match in _MESSENGER.finditer(text))
    if any(sign in text for sign in (":", "=", "->", "@")) and _may_name_service(text):
        yield from (_spelled_handle(match) for match in _SPELLED_HANDLE.finditer(text))
    if found.count("Nd") >= MIN_PHONE:
        yield from _phones(text)


def _may_name_service(text: str) -> bool:
    lowered = text.lower()
    return any(part in lowered for part in _PARTS_OF_SERVICES) or any(each in text for each in _LIKE_I)


def _messenger(match: re.Match[str]) -> Contact:
    service = next(filter(None, match.groups()))
    return Contact(HANDLE, f"{_service(service)}:{match[match.lastindex or 0].strip('@/.').lower()}")


def _spelled_handle(match: re.Match[str]) -> Contact:
    return Contact(HANDLE, f"{_service(match[1])}:{match[2].strip('.').lower()}")


def _service(name: str) -> str:
    """One name for each messenger: "t", "Telegram" and "telgram" are the same."""
    plain = name.lower().replace(" ", "")
    return next((service for start, service in _SERVICES if plain.startswith(start)), plain)


def _phones(text: str) -> Iterator[Contact]:
    for match in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        is_international = match[0].startswith(("+", "00"))
        if _DATE.match(match[0]) or not (is_international or _is_written_as_phone(match[0])):
            continue
        number = f"+{digits.removeprefix('00')}" if is_international else digits
        if not is_international or _can_exist(number):
            yield Contact(PHONE, number)


def _is_written_as_phone(text: str) -> bool:
    """Whether a number without a country code is one to dial: it begins with 0 or has its groups apart."""
    return text.lstrip("(").startswith("0") or len(re.findall(r"\d+", text)) in (3, 4)


def _can_exist(number: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False


def _is_wallet(match: re.Match[str]) -> bool:
    """Whether an address of a currency can be one: those in base 58 have a check sum."""
    return match[3] is None or _has_check_sum(match[3])


def _has_check_sum(address: str) -> bool:
    """Whether the last four bytes are those of the double SHA-256 of the others (base58check)."""
    number = 0
    for character in address:
        number = number * 58 + _BASE58.index(character)
    content = number.to_bytes(max(25, (number.bit_length() + 7) // 8))
    digest = hashlib.sha256(hashlib.sha256(content[:-4]).digest()).digest()
    return len(content) == 25 and digest[:4] == content[-4:]
