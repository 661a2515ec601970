"""What alerts can do: retrain, stop a canary, roll back, publish batch views, open a review sample."""
