"""The feature catalogue: what each feature is, who uses it, and whether it is still right."""
