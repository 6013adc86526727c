"""Which ratios between the arms are bet on, and with what share of the stake.

Place in the flow: the priors of the mixtures. A prior never touches the error guarantee, only how soon an answer comes:
an alternative that holds a share w of the stake costs log(1/w) of evidence.
"""

import numpy as np

from shoreward.judge.checks import Floats

HARM: Floats = np.geomspace(1.15, 300.0, 20)
"""Ratios that rollback bets on, equal shares: from barely above the margin to a canary that fails on everything."""

NO_ERRORS = 0.6
"""Share of promotion's stake on the ratio 0.001, the best bet while neither arm has an error: it costs log(1/0.6)."""

SAFE: Floats = np.concatenate([[0.001], np.linspace(0.1, 0.88, 9)])
"""Ratios that promotion bets on: the first for error-free arms, the others for arms with like error rates."""

SAFE_LOG_SHARES: Floats = np.log(np.concatenate([[NO_ERRORS], np.full(9, (1 - NO_ERRORS) / 9)]))
"""Log shares of promotion's stake, in the order of `SAFE`."""

STOPPED: Floats = np.array([0.001, 0.1, 0.3, 0.6])
"""Ratios of arriving to least acceptable requests that the stopped-traffic test bets on, equal shares."""
