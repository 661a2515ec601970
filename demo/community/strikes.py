"""The strikes of a simulated community's past; later ones are given by the verdicts of reviewers."""

import pandas as pd

from demo.community.days import COLUMNS, TRUTH
from scoring.event_types.content_policies import CONTENT_POLICIES

_REASONS = {policy.name: policy.reason_codes[0].code for policy in CONTENT_POLICIES}


def with_strikes(frame: pd.DataFrame) -> pd.DataFrame:
    """The activity with a strike against the author of each violating post, when its label became known."""
    violating = frame[frame.label == "violating"]
    strikes = pd.DataFrame(
        {
            "id": violating.id + "-s",
            "type": "strike",
            "occurred_at": violating.label_known_at,
            "author": violating.author,
            "policy": violating.policies,
            "reason": violating.policies.map(_REASONS),
            "content": violating.id,
        }
    )
    both = pd.concat([frame, strikes.reindex(columns=[*COLUMNS, *TRUTH])])
    times = {name: both[name] for name in ("occurred_at", "label_known_at")}
    filled = both.astype(object).where(both.notna(), None).assign(**times)
    return filled.sort_values("occurred_at", kind="stable", ignore_index=True)
