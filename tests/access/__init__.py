"""Who may do what: tokens, sign-in, roles, sessions, and the audit of it all."""
