"""What members write that resembles nothing written before: a word, an emoji, other languages, rare words.

Every community has such content, and nearly all of it is harmless. A model that never saw it takes what it
does not know for a violation.
"""

from collections.abc import Mapping, Sequence

import numpy as np

# Shares of what members write.
WITHOUT_TEXT, SHORT, OTHER_LANGUAGE, RARE_WORDS = 0.04, 0.06, 0.05, 0.08

SHORT_TEXTS: Sequence[str] = (
    "ok",
    "+1",
    "lol",
    "same",
    "Thanks!",
    "haha yes",
    "No idea, sorry",
    "Really?",
    "???",
    "❤️",
    "👍",
    "😂😂",
    "🎉 🎉",
    "merci",
    "danke dir",
    "grazie mille",
    "obrigado",
    "спасибо",
    "شكرا",
    "ขอบคุณ",
    "谢谢",
    "ありがとう",
    "감사합니다",
    "धन्यवाद",
)
OTHER_LANGUAGES: Sequence[str] = (
    "Obrigada pela explicação, agora funciona muito bem.",
    "Qualcuno sa dove posso comprare un pezzo di ricambio?",
    "Mam ten sam problem od dwóch tygodni, dziękuję za pomoc.",
    "Bugün hava çok güzeldi, akşama kadar dışarıda kaldık.",  # noqa: RUF001
    "Спасибо большое за прекрасную фотографию!",
    "Кто-нибудь знает, где это можно починить?",
    "مرحبا بالجميع، هل لدى أحد خبرة في هذا؟",
    "شكرا جزيلا على الشرح، كان مفيدا جدا",
    "สวัสดีครับ ภาพสวยมาก ขอบคุณครับ",
    "มีใครเคยลองวิธีนี้แล้วบ้าง",
    "谢谢你的分享，照片拍得真好。",  # noqa: RUF001
    "请问在哪里可以找到入门教程？",  # noqa: RUF001
    "とても参考になりました。ありがとうございます。",
    "사진이 정말 예쁘네요, 어디에서 찍으셨어요?",
    "बहुत अच्छी तस्वीर है, कहाँ की है?",
    "Ευχαριστώ πολύ, με βοήθησε πραγματικά.",
    "תודה רבה על ההסבר המפורט",
)
# By script: parts from which words are put together, and the share of rare words that are written in it.
_LATIN = [f"{first}{vowel}{last}" for first in "bdfghklmnprstvwz" for vowel in "aeiou" for last in "nrsl "]
_CYRILLIC = [f"{first}{vowel}" for first in "бвгдзклмнпрст" for vowel in "аеиоу"]
_HAN = list("山水火木金土日月年人大小中天地花草鸟鱼书画茶饭米豆车船路门窗衣红白青黄春夏秋冬")
SCRIPTS: Mapping[str, tuple[float, Sequence[str]]] = {
    "Latin": (0.7, _LATIN),
    "Cyrillic": (0.15, _CYRILLIC),
    "Han": (0.15, _HAN),
}
UNSPACED = ("Han",)


def write_freely(rng: np.random.Generator) -> str | None:
    """None for most content, which follows a template; "" for content without a text."""
    luck = rng.random()
    if luck < WITHOUT_TEXT:
        return ""
    if luck < (reached := WITHOUT_TEXT + SHORT):
        return _one_of(rng, SHORT_TEXTS)
    if luck < (reached := reached + OTHER_LANGUAGE):
        return _one_of(rng, OTHER_LANGUAGES)
    return write_rare_words(rng) if luck < reached + RARE_WORDS else None


def write_rare_words(rng: np.random.Generator) -> str:
    """Words of one script that hardly another text has, as names and dialects are."""
    scripts = list(SCRIPTS)
    script = str(rng.choice(scripts, p=[SCRIPTS[each][0] for each in scripts]))
    parts = np.array(SCRIPTS[script][1], dtype=object)
    words = ["".join(rng.choice(parts, rng.integers(1, 5))).strip() for _ in range(rng.integers(2, 14))]
    return ("" if script in UNSPACED else " ").join(words) + str(rng.choice(["", ".", "?", "!", " :)"]))


def _one_of(rng: np.random.Generator, texts: Sequence[str]) -> str:
    return str(rng.choice(np.array(texts, dtype=object)))
