"""The names of plain baselines. This module imports nothing that trains, because web pages use it."""

LOGISTIC, FOREST = "logistic", "random_forest"
BASELINES = {LOGISTIC: "logistic regression", FOREST: "random forest"}
