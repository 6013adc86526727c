"""Who may do what: one policy decides about every request, and what it does not permit is refused.

door ── asks ──► policy ──┬── loopback    a laptop: no sign-in, and only this machine
  │                       └── signed_in   everybody else: a session or a token, and a role
  └── audit: every command, before it is done and what came of it
keys: tokens and sessions · openid: the provider · signing_in: its routes · network: who asks, behind proxies
"""
