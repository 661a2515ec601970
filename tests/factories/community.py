"""A platform whose users publish content: it calls the API with its key, and its moderators open pages."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import numpy as np
import orjson
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from PIL import Image

from reviews.models import Case
from scoring.api.keys import issue as keys
from scoring.api.keys.requests import SCOPES
from scoring.content.media.enrichment import enrich_events
from scoring.content.media.processing.process import process_next
from scoring.content.media.processing.sandbox import Sandbox
from scoring.features.compile.plan import lane_plan
from scoring.features.logged_vectors import unpack_vectors
from scoring.lanes.lock import held_lane
from scoring.log.consumers.runs import run_consumers
from scoring.log.read import read_stream
from scoring.runner.lane_runner import LaneRunner
from scoring.timestamps import to_iso

LANE, SOURCE = "community", "forum"


class Forum:
    """Sends events and files, and reads what was decided. What workers do is done in this process."""

    def __init__(self, sandbox: Sandbox, **bounds: Any) -> None:
        self.sandbox = sandbox
        scopes = [scope for scope in SCOPES if scope.startswith("events:")]
        _, key = keys.create_key(
            name=SOURCE, source=SOURCE, scopes=scopes, now=datetime.now(UTC), actor="test", **bounds
        )
        self.client = Client(headers={"Authorization": f"Bearer {key}", "Prefer": "respond-async"})

    def publish(self, external_id: str, **fields: Any) -> dict[str, Any]:
        """Publish a post, have it decided, and give what the API says of it."""
        self.send("content", external_id, **{"kind": "post"} | fields)
        self.work()
        return self.read(external_id)

    def send(self, type_name: str, external_id: str, *, ago: timedelta = timedelta(), **fields: Any) -> None:
        """Send an event that occurred this long `ago`."""
        moment = to_iso(datetime.now(UTC) - ago)
        event = {"type": type_name, "id": external_id, "occurred_at": moment, **fields}
        answer = self.client.post("/api/v1/events", orjson.dumps(event), content_type="application/json")
        assert answer.status_code in (201, 202), answer.content

    def upload(self, content: bytes) -> str:
        """Upload a file; gives its id."""
        answer = self.client.post("/api/v1/media", content, content_type="application/octet-stream")
        assert answer.status_code in (200, 201), answer.content
        return str(answer.json()["id"])

    def read(self, external_id: str, part: str = "") -> dict[str, Any]:
        """What the API says of a post; `part`: its "statement"."""
        answer = self.client.get(f"/api/v1/events/content/{external_id}{part and '/'}{part}")
        assert answer.status_code == 200, answer.content
        return dict(answer.json())

    def feature(self, external_id: str, name: str) -> float:
        """A feature on which the current decision on a post was made."""
        stream = read_stream(f"content/{SOURCE}/{external_id}")
        decision = next(entry for entry in reversed(stream) if entry.type.startswith("decision."))
        names = lane_plan(LANE).feature_set("content").names
        vector, _ = unpack_vectors(decision.packed or b"", width=len(names))
        return float(vector[names.index(name)])

    def work(self) -> None:
        """Decide what is pending, process uploaded files, and run what follows the log."""
        decide_pending()
        turn: str | None = ""
        while turn is not None:
            turn = process_next(self.sandbox, now=lambda: datetime.now(UTC), after=turn)
        enrich_events(now=datetime.now(UTC))
        decide_pending()
        assert run_consumers(now=datetime.now(UTC)) == {}


def decide_pending() -> None:
    with held_lane(LANE) as held:
        assert held
        runner = LaneRunner(LANE)
        while runner.step():
            pass


class Moderator:
    """A user who works on cases, without a browser."""

    def __init__(self, name: str, group: str = "analyst") -> None:
        self.name = name
        user = User.objects.create_user(name, password="secret", is_staff=True)
        user.groups.add(Group.objects.get(name=group))
        self.client = Client()
        self.client.force_login(user)

    def take_next(self) -> Case:
        """The case that the queue gives."""
        answer = self.client.post(reverse("admin:queue"), follow=True)
        assert answer.redirect_chain, answer.content
        return Case.objects.get(state=Case.State.CLAIMED, claimed_by=self.name)

    def decide(self, case: Case, verdict: str, **fields: Any) -> None:
        """Send the form of the case's page."""
        self.act(case, "decide", verdict=verdict, **fields)
        case.refresh_from_db()
        assert (case.state, case.verdict, case.decided_by) == ("decided", verdict, self.name)

    def act(self, case: Case, action: str, **fields: Any) -> str:
        """Send a form of the case's page; gives the page that follows."""
        answer = self.client.post(
            reverse("admin:case", args=[case.pk]), {"action": action, **fields}, follow=True
        )
        assert answer.status_code == 200, answer.content
        return answer.content.decode()


SPAM: Mapping[str, Any] = {"policy": ["spam"], "reason_spam": "advertising", "outcome": "block"}


def photo(seed: int, *, edit: Callable[[Image.Image], Image.Image] = lambda image: image) -> bytes:
    """A picture with large and small spots, as photographs have them; edited; as PNG."""
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (480, 360))
    for width, height in ((4, 3), (8, 6), (16, 12), (32, 24)):
        spots = Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
        picture = Image.blend(picture, spots.resize(picture.size, Image.Resampling.BICUBIC), 0.4)
    target = BytesIO()
    edit(picture).save(target, "PNG")
    return target.getvalue()
