"""The daemon: wiring, pipeline, supervisor, HTTP and command line."""
