"""The server and its page: an API, a stream of events, and what people look at when they are worried.

journal ── watch ──► sight ──┬── views ──┬── api      JSON, commands, a stream of events
             ▲               │           └── pages    the same values, drawn
            hub: looks at the journal, wakes who waits
access: one policy decides about every request before its route is called
"""
