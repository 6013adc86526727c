"""The gauge at the pier, which says whether today's sea is as calm as the tables have it.

There is no pier: this stands for the call over the network that most functions make, and takes as long.
"""

import time

# Seconds; a float that is watched for less shows single waves.
WATCHED = 0.010


def calm():
    """Whether the tables hold today."""
    time.sleep(WATCHED)
    return True
