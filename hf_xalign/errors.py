"""The one exception that a user is meant to read."""


class XAlignError(ValueError):
    """Wrong input: the message says what is wrong, where, and what to do.

    The command line prints the message on one line and exits with status 2; a traceback is never shown for it.
    """
