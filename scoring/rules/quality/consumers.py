"""The consumer that measures rules and lists."""

from scoring.log.consumers.registry import Consumer, register
from scoring.rules.quality.storing import TYPES, add_to_quality, forget_quality

RULE_QUALITY = register(
    Consumer(name="scoring.rule_quality", types=TYPES, handle=add_to_quality, reset=forget_quality)
)
