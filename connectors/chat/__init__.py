"""The chat connector: customers write in an app or on a page, by HTTP and WebSocket."""
