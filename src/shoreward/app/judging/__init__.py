"""Judging: one look at one target, from its metrics and alarms to a judgement in words.

    look      the look: alarms first, then the arms beside each other, then one verdict of all
    window    which intervals have arrived
    arms      which versions are compared, and their counts as arrays
    budget    the tests, each with its share of the release's alpha
    errors    evidence from errors, from silence, and of first deployments
    latency   evidence from latency
    served    evidence about values of a configuration, which everybody meets at once

Nothing is remembered between looks: each reads everything since the target's first shift again. So a crash loses
nothing, and a datapoint that arrives late, or is corrected, counts as if it had always been there.
"""

from shoreward.app.judging.budget import tests_for
from shoreward.app.judging.look import look
from shoreward.app.judging.shared import shared_metrics

__all__ = ["look", "shared_metrics", "tests_for"]
