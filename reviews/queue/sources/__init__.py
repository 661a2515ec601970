"""Sources of cases besides review, off until set: near a threshold, explored, and risks that rose."""
