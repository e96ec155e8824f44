"""Pure functions that understand a message: Envelope and Context in, Draft out.  No I/O, no clock, no globals."""
