"""The section `four_eyes` of the configuration file: by event type, which verdicts need a second person."""

from reviews.four_eyes.errors import FourEyesInvalid, FourEyesUnchanged
from reviews.four_eyes.stored import four_eyes_settings
from scoring.configuration.sections.event_type_settings import SettingsSection
from scoring.configuration.sections.registry import register_section
from scoring.configuration.sections.section import FLAG, LIST, NUMBER

register_section(
    SettingsSection(
        name="four_eyes",
        title="Verdicts that need a second person",
        defaults=four_eyes_settings.defaults,
        kinds={"outcomes": LIST},
        rows="labels",
        row_key="name",
        row_kinds={"always": FLAG, "from_amount": NUMBER},
        stored=four_eyes_settings.by_type,
        check=four_eyes_settings.check_change,
        change=four_eyes_settings.change,
        invalid=FourEyesInvalid,
        unchanged=FourEyesUnchanged,
    )
)
