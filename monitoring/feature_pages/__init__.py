"""The feature catalog's pages: what each feature means, which models read it, and its health."""
