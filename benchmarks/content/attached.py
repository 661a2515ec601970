"""The load generator of posts with a file: `python -m benchmarks.content.attached` reads a plan, as JSON.

Each file is uploaded when it is due, and its post is sent as soon as the upload is answered: before the file
is processed, as a rule. A plan has the keys of `benchmarks.load`, and {"rate", "seconds", "first"}; `first`
is the number of the first file. With a rate of 0 `count` files are uploaded as fast as they are accepted.
"""

import asyncio
import gc
import hashlib
import itertools
import json
import selectors
import sys
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from benchmarks.arrivals import poisson_arrivals
from benchmarks.content.files import upload_of
from benchmarks.content.posts import posts
from benchmarks.load import LEAD_SECONDS, RESPONSE_SECONDS, Pool, at, http_request, open_pool

MEDIA_PATH = "/api/v1/media"


def upload_request(plan: dict[str, Any], media_type: str, content: bytes) -> bytes:
    head = (
        f"POST {MEDIA_PATH} HTTP/1.1\r\nHost: {urlsplit(plan['url']).netloc}\r\n"
        f"Authorization: Bearer {plan['key']}\r\nContent-Type: {media_type}\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


async def offer(plan: dict[str, Any]) -> dict[str, Any]:
    """By file: times of upload and post in seconds since the start, statuses, and the ids of both."""
    due = (
        poisson_arrivals(rate=plan["rate"], seconds=plan["seconds"], seed=plan["session"]).tolist()
        if plan["rate"]
        else [0.0] * plan["count"]
    )
    files = [upload_of(plan["first"] + number) for number in range(len(due))]
    uploads = [upload_request(plan, *file) for file in files]
    bodies = list(itertools.islice(posts(plan), len(due)))
    pool = await open_pool(plan)
    start = time.perf_counter() + LEAD_SECONDS
    rows = [
        asyncio.create_task(_upload_and_post(plan, pool, start + moment, upload, _attached(body, file[1])))
        for moment, upload, file, body in zip(due, uploads, files, bodies, strict=True)
    ]
    await asyncio.wait(rows, timeout=LEAD_SECONDS + plan.get("seconds", 0.0) + RESPONSE_SECONDS)
    answered = [row.result() for row in rows if row.done()]
    return {"sent": len(rows), "files": answered}


def _attached(body: dict[str, Any], content: bytes) -> dict[str, Any]:
    """The post with this file."""
    return body | {"attachments": [hashlib.sha256(content).hexdigest()]}


async def _upload_and_post(
    plan: dict[str, Any], pool: Pool, due: float, upload: bytes, body: dict[str, Any]
) -> dict[str, Any]:
    await asyncio.sleep(max(0.0, due - time.perf_counter()))
    began = time.perf_counter()
    accepted = await pool.send(upload)
    uploaded = time.perf_counter()
    decided = await pool.send(http_request(plan, body | {"occurred_at": at(datetime.now(UTC))}))
    return {
        "event": body["id"],
        "media": body["attachments"][0],
        "upload_ms": (uploaded - began) * 1e3,
        "post_ms": (time.perf_counter() - uploaded) * 1e3,
        "upload_status": accepted,
        "post_status": decided,
    }


def main() -> None:
    plan = json.load(sys.stdin)
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    gc.disable()
    json.dump(loop.run_until_complete(offer(plan)), sys.stdout)


if __name__ == "__main__":
    main()
