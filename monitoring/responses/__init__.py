"""What alerts can do: retrain, stop a canary, roll back, rules only, publish views, open a review sample."""
