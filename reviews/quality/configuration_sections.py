"""The section `review_quality` of the configuration file: by event type, what differs from the defaults."""

from reviews.quality import stored
from reviews.quality.errors import QualityInvalid, QualityUnchanged
from scoring.configuration.sections.event_type_settings import SettingsSection
from scoring.configuration.sections.registry import register_section
from scoring.configuration.sections.section import FLAG, NUMBER

register_section(
    SettingsSection(
        name="review_quality",
        title="Quality checks of reviews",
        defaults=stored.DEFAULTS,
        kinds={"golden_from_agreed": FLAG, "tell_missed": FLAG},
        rows="checks",
        row_key="name",
        row_kinds={"share": NUMBER},
        stored=stored.settings_by_type,
        check=stored.check_change,
        change=stored.change_settings,
        invalid=QualityInvalid,
        unchanged=QualityUnchanged,
    )
)
