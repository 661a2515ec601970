"""The pages of actions: all of them, the editor, and the request from a case."""
