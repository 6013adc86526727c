"""Telling people and programs what matters, beside the path of releases and never in it.

    journal ──► noticing ──► outbox ──► a courier for each receiver ──► adapters.telling ──► Slack, mail, webhooks

What happened becomes notices (`noticing`, `waiting`), which are kept in an outbox in the journal's database. Each
receiver has a place in the outbox of its own, and a thread that moves on when something has been delivered.
"""
