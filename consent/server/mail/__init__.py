"""Notices to people, from the outbox to a mail server or a folder."""
