"""What survives a crash.  `store.store.Store` is the door; everything else is behind it."""
