"""Pages with settings of an event type, for those who may look but not change them."""

import pytest
from django.utils.html import escape

from reviews.four_eyes.stored import four_eyes_settings
from reviews.quality.stored import quality_settings
from reviews.queue.sources.stored import review_sources
from scoring.configuration.type_settings.stored import SettingsByType
from tests.integration.reviews.browsing import Browse

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("path", "permission", "kind"),
    [
        ("review-quality", "reviews.view_storedreviewquality", quality_settings),
        ("four-eyes", "reviews.view_storedfoureyes", four_eyes_settings),
        ("review-sources", "reviews.view_reviewqueue", review_sources),
    ],
)
def test_those_who_may_only_look_see_the_settings_in_words(
    browse: Browse, path: str, permission: str, kind: SettingsByType
) -> None:
    page = browse("audrey", permission).get(f"/admin/{path}/payment/").content.decode()
    words = kind.text(kind.of("payment"))
    assert f"<p>{escape(words[0].upper() + words[1:])}.</p>" in page
    assert 'class="ws-card ws-form"' not in page
