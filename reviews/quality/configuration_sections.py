"""The section `review_quality` of the configuration file: by event type, what differs from the defaults."""

from reviews.quality.errors import QualityInvalid, QualityUnchanged
from reviews.quality.stored import quality_settings
from scoring.configuration.sections.event_type_settings import SettingsSection
from scoring.configuration.sections.registry import register_section
from scoring.configuration.sections.section import FLAG, NUMBER

register_section(
    SettingsSection(
        name="review_quality",
        title="Quality checks of reviews",
        defaults=quality_settings.defaults,
        kinds={"golden_from_agreed": FLAG, "tell_missed": FLAG},
        rows="checks",
        row_key="name",
        row_kinds={"share": NUMBER},
        stored=quality_settings.by_type,
        check=quality_settings.check_change,
        change=quality_settings.change,
        invalid=QualityInvalid,
        unchanged=QualityUnchanged,
    )
)
