"""Two trained versions side by side: on the page and by the command."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from scoring.registry.models import ModelArtifact, ModelVersion
from tests.factories.models import train_small_models
from tests.integration.learning.test_training_pages import LOOK, client_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def models(online_redis, settings, tmp_path) -> list[str]:
    settings.VAR_DIR = tmp_path / "var"
    return train_small_models(15, 25)


def test_the_page_compares_with_the_chosen_version(models, django_assert_max_num_queries):
    client = client_of("cy", *LOOK)
    address = reverse("admin:model_differences", args=[models[1]])
    assert address in client.get(reverse("admin:model", args=[models[1]])).content.decode()
    client.get(address)
    with django_assert_max_num_queries(12):
        text = client.get(address, {"with": models[0]}).content.decode()
    assert '<th scope="row">trees</th>' in text
    assert "Features: no difference" in text
    assert "Libraries: no difference" in text
    assert f"<option selected>{models[0]}</option>" in text
    assert client.get(address, {"with": "payment-9"}).status_code == 404
    assert client.get(reverse("admin:model_differences", args=["payment-9"])).status_code == 404


def test_a_version_alone_has_nothing_to_be_compared_with(models):
    ModelVersion.objects.filter(name=models[1]).delete()
    text = client_of("cy", *LOOK).get(reverse("admin:model_differences", args=[models[0]])).content.decode()
    assert "There is no other payment model yet." in text


def test_the_command_compares_even_if_an_artifact_is_missing(models):
    ModelArtifact.objects.filter(digest=ModelVersion.objects.get(name=models[0]).artifact).delete()
    out = StringIO()
    call_command("models", compare=models, stdout=out)
    assert "  trees  15 -> 25" in out.getvalue()
    assert "features: no difference" in out.getvalue()
    for command in (["models", "--compare", models[0], "payment-9"], ["model_card", "payment-9"]):
        with pytest.raises(CommandError, match="there is no model 'payment-9'") as raised:
            call_command(*command)
        assert raised.value.returncode == 2
