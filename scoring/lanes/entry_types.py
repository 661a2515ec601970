"""Types of the log entries that lanes read."""

LABEL_TYPES = ("label.recorded", "label.retracted")  # the stream of a label may also hold `label.parked`
