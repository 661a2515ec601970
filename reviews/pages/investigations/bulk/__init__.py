"""The pages of bulk actions: the preview, one action with its undoing, and the list of all."""
