"""The card of a trained version: on its page, as a file, and by the command."""

from io import StringIO

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from scoring.registry.models import ModelVersion
from tests.factories.models import promote, train_small_models
from tests.integration.learning.test_training_pages import LOOK, client_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def model(online_redis, settings, tmp_path) -> str:
    settings.VAR_DIR = tmp_path / "var"
    return train_small_models(15)[0]


def test_the_page_shows_the_card_and_links_both_files(model, django_assert_max_num_queries):
    promote(model)
    client = client_of("cy", *LOOK)
    address = reverse("admin:model_card", args=[model])
    assert address in client.get(reverse("admin:model", args=[model])).content.decode()
    client.get(address)
    with django_assert_max_num_queries(12):
        text = client.get(address).content.decode()
    for expected in (
        "Labels and their delay",
        "Limits and caveats",
        "Approved by user/approver",
        "for a test",
    ):
        assert expected in text
    markdown = client.get(address, {"format": "markdown"})
    assert markdown["Content-Disposition"] == f'attachment; filename="{model}-card.md"'
    data = orjson.loads(client.get(address, {"format": "json"}).content)
    stored = ModelVersion.objects.get(name=model)
    assert data["artifact"] == stored.artifact
    assert data["metrics"][0]["value"] == stored.metrics["average_precision"]
    assert client.get(reverse("admin:model_card", args=["payment-9"])).status_code == 404


def test_the_command_prints_the_same_card(model):
    out = StringIO()
    call_command("model_card", model, format="json", stdout=out)
    assert orjson.loads(out.getvalue())["model"] == model
    out = StringIO()
    call_command("model_card", model, stdout=out)
    assert out.getvalue().startswith(f"# Model card: {model}\n")
    with pytest.raises(CommandError, match="there is no model 'payment-9'"):
        call_command("model_card", "payment-9")
