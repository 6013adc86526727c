"""What the judge says when it is asked something that has no answer.

Place in the flow: raised while samples, tests and saved states are taken in, before any evidence is computed, so that
everything after that point is total: any accepted input has a finite answer.
"""


class JudgeInputError(ValueError):
    """Samples, test parameters or a saved state that cannot be judged; the message names the value and the remedy."""
