"""New accounts attack one member with the same words, disguised, and one edited picture, within minutes.

After the first few the rest is held. One moderator settles all of it with one verdict, also the first few,
which were published, and the picture alone, which was limited. The text goes on a block list and the picture
into a hash bank, so the next copies are removed at once. Undo brings all back.

Uses real Chromium, PostgreSQL and Redis, and the process that reads pictures; the lane runs in this process.
"""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group, User
from PIL import Image, ImageEnhance
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By

from reviews.models import Case
from scoring.intake.models import Label
from tests.browser.conftest import Browser, browser, driver  # noqa: F401 (fixtures)
from tests.factories.banks import defined_bank
from tests.factories.community import Forum, photo
from tests.factories.lists import defined
from tests.factories.rules import store_rule

INSULT = "Nobody here wants to read another word of yours, go and cry somewhere else you clown"
LOOKALIKES = dict(
    zip("aceopyi", "\u0430\u0441\u0435\u043e\u0440\u0443\u0456", strict=True)
)  # Latin: Cyrillic
ENDINGS = ("", " lol", " !!!", " haha", " \N{CLOWN FACE}", " ...", " bye", " :)")
SAME_WORDS = " || ".join(f"text_band_{number}_distinct_author_10m >= 3" for number in range(1, 5))
SAME_PICTURE = "image_band_1_distinct_author_1h >= 3 || image_band_2_distinct_author_24h >= 3"
RAIDERS, FIRST_HELD = 8, 3
RAID = (*(f"P-{number}" for number in range(RAIDERS)), "P-alone")


def test_a_raid_is_caught_after_the_first_few(
    browser: Browser,  # noqa: F811
    forum: Callable[..., Forum],
) -> None:
    platform = forum()
    moderation_is_set_up()

    # Eight new accounts post within eight minutes. The first three get through, the others are held.
    outcomes = [attack(platform, number, minutes=RAIDERS - number)["outcome"] for number in range(RAIDERS)]
    assert outcomes == ["allow"] * FIRST_HELD + ["review"] * 5
    # The picture alone, edited once more, is limited.
    alone = publish(platform, "P-alone", author="raider-alone", attachments=[picture(platform, 99)])
    assert (alone["outcome"], alone["reasons"][0]["code"]) == ("limit", "SAME_PICTURE")

    moderator_settles_all_from_one_case(browser)
    platform.work()
    for name in RAID:
        review = platform.read(name)["review"]
        assert (review["action"], review["policies"], review["strike"]) == ("block", ["harassment"], True)
    assert platform.read("P-0", "statement")["decision"]["restriction"] == "removal"

    # The next copies are removed at once: the turned picture by the bank, the text by the list.
    turned = picture(platform, 100, turn=90)
    is_removed(platform, "P-turned", "The picture was used in raids", attachments=[turned])
    again = disguised(INSULT, seed=77) + ENDINGS[FIRST_HELD]
    is_removed(platform, "P-disguised", "The text was used in raids", text=again)
    # What others say to the member, with pictures of their own, is not touched.
    other = platform.upload(photo(5))
    kind = publish(platform, "P-kind", author="kim", text="I like what you write", attachments=[other])
    assert kind["outcome"] == "allow"

    # One click takes the verdict back: the cases are in the queue again, what was published is so again, and
    # no author has a strike.
    assert strikes_of(platform, "raider-0", "P-struck") == 1.0
    browser.driver.find_element(By.CSS_SELECTOR, "[value=undo_all]").click()
    browser.wait_until(lambda: "9 verdicts undone" in browser.text)
    states = dict(Case.objects.values_list("event_stream", "state"))
    held = {f"content/forum/P-{number}" for number in range(FIRST_HELD, RAIDERS)}
    assert states == {f"content/forum/{name}": "closed" for name in RAID} | dict.fromkeys(held, "open")
    platform.work()
    restored = [platform.read(name) for name in RAID]
    assert [answer["review"] for answer in restored] == [None] * len(RAID)
    assert [standing(answer)["outcome"] for answer in restored[:FIRST_HELD]] == ["allow"] * FIRST_HELD
    assert strikes_of(platform, "raider-0", "P-lifted") == 0.0
    assert browser.errors() == []


def moderation_is_set_up() -> None:
    """Rules over what posts have in common; an empty bank and an empty list; a moderator."""
    for name, expression, outcome in (
        ("same_words", SAME_WORDS, "review"),
        ("same_picture", SAME_PICTURE, "limit"),
    ):
        told = {"code": name.upper(), "sentence": "Several accounts published this within minutes"}
        fields: dict[str, Any] = {"name": name, "expression": expression, "outcome": outcome, **told}
        store_rule("active", event_type="content", **fields)
    defined_bank("raids", title="Pictures of raids", sentence="The picture was used in raids", min_quality=50)
    defined("raid_texts", title="Texts of raids", kind="text_copy", sentence="The text was used in raids")
    ana = User.objects.create_user("ana", password="secret", is_staff=True)
    ana.groups.add(Group.objects.get(name="analyst"))


def moderator_settles_all_from_one_case(browser: Browser) -> None:  # noqa: F811
    """The first case's picture goes into the bank (y), its text on the list (b), and all nine posts get one
    verdict (p): harassment (2), with a strike (z).
    """
    browser.log_in("ana", "secret", at="/admin/queue/")
    browser.press("n")
    browser.wait_until(lambda: "Give these near-duplicates the same verdict" in browser.text)
    confirm(browser, "y", "#bank-dialog[open]", told="added to Pictures of raids")
    confirm(browser, "b", "#block-dialog[open]", told="is on Texts of raids")
    assert "All 8 4 open, 3 allow, 1 limit" in browser.text
    browser.press("2", "z", "p", Keys.ENTER)
    browser.wait_until(lambda: "Decided 9 cases as" in browser.text)
    assert set(Case.objects.values_list("state", "action", "strike")) == {("decided", "block", True)}
    assert Label.objects.filter(effective="violating").count() == len(RAID)


def confirm(browser: Browser, key: str, dialog: str, *, told: str) -> None:  # noqa: F811
    """Open a dialog with its key and accept what it proposes; the case's page then says so."""
    page = browser.path
    browser.press(key)
    browser.wait_until(lambda: browser.has(dialog))
    browser.press(Keys.ENTER)
    browser.wait_until(lambda: told in browser.text and browser.path == page)


def attack(platform: Forum, number: int, *, minutes: int) -> dict[str, Any]:
    """A raider's post, so many minutes ago: the words disguised and extended, the picture edited."""
    return publish(
        platform,
        f"P-{number}",
        author=f"raider-{number}",
        ago=timedelta(minutes=minutes),
        text=disguised(INSULT, seed=number) + ENDINGS[number],
        attachments=[picture(platform, number)],
    )


def publish(platform: Forum, external_id: str, **fields: Any) -> dict[str, Any]:
    """The decision on a post to the member, after its files are processed."""
    return standing(platform.publish(external_id, target="tom", **fields))


def standing(answer: dict[str, Any]) -> dict[str, Any]:
    """The latest decision in an answer of the API."""
    decision: dict[str, Any] = answer["current_decision"] or answer["decision"]
    return decision


def is_removed(platform: Forum, external_id: str, reason: str, **fields: Any) -> None:
    """A new account's post is removed, for this reason first."""
    decision = publish(platform, external_id, author=f"author of {external_id}", **fields)
    assert (decision["outcome"], decision["reasons"][0]["text"]) == ("block", reason)


def strikes_of(platform: Forum, author: str, external_id: str) -> float:
    """The strikes that a harmless post of the author is decided on."""
    platform.publish(external_id, author=author, text="Good morning everybody")
    return platform.feature(external_id, "author_strike_count_30d")


def disguised(text: str, *, seed: int) -> str:
    """Half of the letters that have one are replaced by a letter of another script that looks the same."""
    rng = random.Random(seed)
    return "".join(LOOKALIKES[c] if c in LOOKALIKES and rng.random() < 0.5 else c for c in text)


def picture(platform: Forum, edits: int, *, turn: int = 0) -> str:
    """The id of the raid's picture, with its size and brightness edited by this number, and turned."""

    def edit(image: Image.Image) -> Image.Image:
        smaller = image.resize((480 - edits, 360 - edits))
        return ImageEnhance.Brightness(smaller).enhance(1 - edits / 500).rotate(turn, expand=True)

    return platform.upload(photo(1, edit=edit))
