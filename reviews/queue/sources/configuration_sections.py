"""The section `review_sources` of the configuration file: by event type, what differs from the defaults."""

from reviews.queue.sources.errors import SourcesInvalid, SourcesUnchanged
from reviews.queue.sources.stored import review_sources
from scoring.configuration.sections.event_type_settings import SettingsSection
from scoring.configuration.sections.registry import register_section
from scoring.configuration.sections.section import NUMBER, WHOLE

register_section(
    SettingsSection(
        name="review_sources",
        title="Sources of review cases",
        defaults=review_sources.defaults,
        kinds={"margin": NUMBER, "rise": NUMBER},
        rows="sources",
        row_key="name",
        row_kinds={"share": NUMBER, "per_day": WHOLE},
        stored=review_sources.by_type,
        check=review_sources.check_change,
        change=review_sources.change,
        invalid=SourcesInvalid,
        unchanged=SourcesUnchanged,
    )
)
