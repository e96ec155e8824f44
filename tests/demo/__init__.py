"""The whole of fanin to look at: every channel, a queue in Redis, tickets in Request Tracker.  `make demo`."""
