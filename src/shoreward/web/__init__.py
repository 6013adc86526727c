"""The server and its page: an API, a stream of events, and what people look at when they are worried."""
