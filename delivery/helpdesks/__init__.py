"""The helpdesks: one file a kind."""
