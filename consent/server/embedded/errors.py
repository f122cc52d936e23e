"""What can stop a start, each said in words that name the way out."""


class StartError(Exception):
    """The registry cannot start here; the message says why and how to mend it."""
