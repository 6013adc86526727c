"""Which ratios between the arms are bet on, and with what share of the stake.

Place in the flow: the priors of the mixtures. A prior never touches the error guarantee, only how soon an answer comes:
an alternative that holds a share w of the stake costs log(1/w) of evidence.
"""

import math

import numpy as np

from shoreward.judge.checks import Floats

_LOG_HARM: Floats = np.square(np.linspace(math.sqrt(math.log(1.4)), math.sqrt(math.log(300.0)), 7))
_SHARES: Floats = _LOG_HARM**-1.2

HARM: Floats = np.exp(np.append(math.log(1.15), _LOG_HARM))
"""Ratios that rollback bets on: one barely above the margin, then from 1.4 to a canary that fails on everything.

Closer together where harm is mild: it takes long to find, and there a wrong ratio costs most.
"""

HARM_LOG_SHARES: Floats = np.log(np.append(0.05, 0.95 * _SHARES / _SHARES.sum()))
"""Log shares of rollback's stake, in the order of `HARM`: a twentieth on the first, 53 % on 1.4, 2 % on 300.

A share w costs log(1/w) of evidence. Where harm is grave a few errors more pay for it, where it is mild hundreds do. At
little traffic an arm that fails on everything is found 4 % later than with twice the share on it, and harm of 1.3 times
6 % later than with twice the share on the first; x1.5 is found 4 % sooner.
"""

SAFE: Floats = np.array([0.001, 0.05, 0.25, 0.45, 0.6, 0.75, 0.88])
"""Ratios that promotion bets on: the first while neither arm has an error, 0.6 for arms with like error rates."""

SAFE_LOG_SHARES: Floats = np.log(np.array([0.5, 0.13, 0.10, 0.05, 0.14, 0.05, 0.03]))
"""Log shares of promotion's stake, in the order of `SAFE`.

Half on the first: error-free arms then need 1.16 times the canary requests of a bettor who knows that there are no
errors (1.60 with ten equal shares over 0.02..0.88), and arms with errors 1.53 times those of a bettor who knows the
rates (1.40 with equal shares). docs/judge.md has the table.
"""

STOPPED: Floats = np.array([0.001, 0.1, 0.3, 0.6])
"""Ratios of arriving to least acceptable requests that the stopped-traffic test bets on, equal shares."""

SLOWER_LOG_ODDS: Floats = np.geomspace(0.01, 6.0, 12)
"""Log odds ratios of being slow that latency rollback bets on, equal shares: from a per cent to everything slow."""

AS_FAST_LOG_ODDS: Floats = -np.geomspace(0.05, 5.0, 8)
"""Log odds ratios of being slow that latency promotion bets on, equal shares."""

DRIFTS: Floats = np.geomspace(0.05, 4.0, 10)
"""Differences that the gauge tests bet on, in units of the noise of one interval, equal shares."""
