"""A post with a picture is decided at once on what is known, and again when the picture is processed.

Meanwhile it is held, because the platform's key says so. The picture is an edited copy of one in a hash bank,
and the post is removed. A broken file before it delays nothing.

Uses real PostgreSQL and Redis, and real workers for lanes and media; the platform calls the API.
"""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from scoring.images.hashes import hash_text
from scoring.images.pdq import pdq
from tests.factories.banks import banked, defined_bank
from tests.factories.community import Forum, photo
from tests.waiting import wait_until

KNOWN, OTHER = 7, 8  # pictures


def test_media_is_decided_twice(
    celery_worker_process: Callable[..., Any],  # before the forum, which has a directory of its own
    forum: Callable[..., Forum],
    tmp_path: Path,
) -> None:
    platform = forum(media_pending_outcome="limit")
    defined_bank("known_abuse", title="Known abuse", sentence="The picture is known abuse", policy="sexual")
    banked("known_abuse", hash_of(KNOWN), quality=100)
    where = {"ASSAY_VAR": str(tmp_path / "var")}
    celery_worker_process(queues="lanes,default", **where)

    # Three posts: with a broken picture, an edited copy of a known one, and one that nobody knows.
    files = {
        "P-broken": platform.upload(photo(OTHER)[:9_000]),
        "P-known": platform.upload(photo(KNOWN, edit=smaller_and_upside_down)),
        "P-other": platform.upload(photo(OTHER)),
    }
    for post, media in files.items():
        platform.send("content", post, kind="post", author=f"author of {post}", attachments=[media])

    # No file is processed yet. Each post is decided already, and held as the key asks.
    for post, media in files.items():
        decided(platform, post)
        first = platform.read(post)["decision"]
        assert (first["outcome"], first["held"]["in_place_of"]) == ("limit", "allow")
        assert first["held"]["media"] == [media]

    # Then they are, and each post is decided again. The broken file has failed alone, and says why.
    celery_worker_process(queues="media", **where)
    broken, known, other = (decided(platform, post, cause="enriched") for post in files)
    assert known["outcome"] == "block"
    assert known["reasons"][0]["text"] == "The picture is known abuse"
    assert (other["outcome"], other["held"]) == ("allow", None)
    assert (broken["outcome"], broken["held"]) == ("allow", None)
    told = platform.client.get(f"/api/v1/media/{files['P-broken']}").json()
    assert (told["status"], bool(told["error"])) == ("failed", True)

    # The first answers are kept, and the statement of reasons names the policy of the bank.
    assert platform.read("P-known")["decision"]["outcome"] == "limit"
    statement = platform.read("P-known", "statement")
    assert [each["policy"] for each in statement["grounds"]] == ["sexual"]
    assert statement["automated_means"]["decision"] is True


def decided(platform: Forum, post: str, *, cause: str = "") -> dict[str, Any]:
    """The current decision on a post, once there is one of this cause."""

    def current() -> dict[str, Any] | None:
        answer = platform.read(post)
        decision: dict[str, Any] | None = answer["current_decision"] or answer["decision"]
        return decision if decision and (decision["cause"] or "") == cause else None

    found: dict[str, Any] = wait_until(current, seconds=120)
    return found


def hash_of(picture: int) -> str:
    """The hash of a picture as it was before any edit."""
    return hash_text(pdq(np.asarray(Image.open(BytesIO(photo(picture))))).hash)


def smaller_and_upside_down(image: Image.Image) -> Image.Image:
    return image.resize((240, 180)).transpose(Image.Transpose.ROTATE_180)
