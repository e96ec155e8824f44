"""The queues: one file a kind."""
