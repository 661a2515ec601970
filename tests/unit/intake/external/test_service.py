"""What a service's answers mean, asked over real HTTP."""

from typing import Any

import pytest

from scoring.catalog.external_signals import ExternalSignal
from scoring.catalog.fields import Category, Entity, Flag, Number
from scoring.intake.external.origins import ServiceFailed
from scoring.intake.external.service import MAX_ANSWER_BYTES, Service
from tests.factories.services import FakeService, running_service


def service_at(url: str, **options: Any) -> Service:
    given = {"send": (Entity(),), "gives": Number(minimum=0, maximum=1), "answer": "risk", "timeout": "200ms"}
    return Service(ExternalSignal(url=url, **{**given, **options}))


def failure(fake: FakeService, **options: Any) -> str:
    with pytest.raises(ServiceFailed) as error:
        service_at(fake.url, **options).ask({"device": "d-1"})
    return error.value.cause


def test_the_value_is_a_member_of_the_answer_and_what_is_sent_is_json() -> None:
    with running_service(body={"risk": 0.5, "more": [1]}) as fake:
        assert service_at(fake.url).ask({"device": "d-1", "amount": None}) == 0.5
    assert fake.asked == [{"device": "d-1", "amount": None}]
    assert fake.seen[0]["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("gives", "raw", "value"),
    [(Flag(), True, True), (Category(), " high ", "high"), (Category(values=("a", "b")), "b", "b")],
)
def test_the_value_is_what_the_declared_field_makes_of_it(gives: Any, raw: object, value: object) -> None:
    with running_service(body={"risk": raw}) as fake:
        assert service_at(fake.url, gives=gives).ask({}) == value


@pytest.mark.parametrize(("status", "body"), [(200, {}), (200, {"risk": None}), (204, b""), (404, b"none")])
def test_a_service_may_know_nothing(status: int, body: Any) -> None:
    with running_service(status=status, body=body) as fake:
        assert service_at(fake.url).ask({}) is None


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ({"status": 503}, "status_503"),
        ({"status": 302, "headers": {"Location": "http://169.254.169.254/"}}, "status_302"),
        ({"body": b"<html>"}, "not_json"),
        ({"body": [0.5]}, "invalid"),
        ({"body": {"risk": "0.5"}}, "invalid"),
        ({"body": {"risk": 1.5}}, "invalid"),
        ({"body": b'{"risk": NaN}'}, "not_json"),
        ({"body": b" " * (MAX_ANSWER_BYTES + 1)}, "too_large"),
        ({"delay": 0.5}, "timeout"),
        ({"body": {"risk": 0.5}, "trickle": 0.06}, "timeout"),
    ],
)
def test_an_answer_that_is_no_value_is_a_failure_with_its_cause(answer: dict[str, Any], cause: str) -> None:
    with running_service(**answer) as fake:
        assert failure(fake) == cause
    assert len(fake.asked) == 1


def test_an_answer_that_trickles_is_given_up_before_its_end() -> None:
    body = b'{"risk": 0.5' + b" " * 400 + b"}"
    with running_service(body=body, trickle=0.02) as fake:
        assert failure(fake) == "timeout"
        assert fake.written < len(body)


def test_a_service_that_is_not_there_is_a_failed_connection() -> None:
    with running_service() as fake:
        pass
    assert failure(fake) == "connection"


def test_a_connection_is_used_again_after_answers_and_failures() -> None:
    with running_service(body={"risk": 0}) as fake:
        service = service_at(fake.url)
        service.ask({})
        fake.status = 500
        with pytest.raises(ServiceFailed):
            service.ask({})
        fake.status = 200
        assert service.ask({}) == 0
        assert service._pool.connection_from_url(fake.url).num_connections == 1


def test_a_secret_is_sent_as_a_bearer_token_or_in_a_header(settings: Any) -> None:
    settings.SIGNAL_SECRETS = {"risk": "s3cret"}
    with running_service(body={"risk": 0}) as fake:
        service_at(fake.url, secret="risk").ask({})
        service_at(fake.url, secret="risk", header="X-Api-Key").ask({})
    assert fake.seen[0]["Authorization"] == "Bearer s3cret"
    assert fake.seen[1]["X-Api-Key"] == "s3cret"
    assert "Authorization" not in fake.seen[1]


def test_without_its_secret_or_encryption_a_service_is_never_asked(settings: Any) -> None:
    settings.SIGNAL_SECRETS = {}
    assert service_at("https://risk.example", secret="risk").refusal == "no_secret"
    assert service_at("http://risk.example").refusal == "not_allowed"
    assert service_at("http://localhost:9/").refusal == ""
    assert service_at("http://[::1]:9/").refusal == ""
    settings.EXTERNAL_SIGNALS_PLAIN_HTTP = True
    assert service_at("http://risk.example").refusal == ""
