"""Blame: which commit of a release that harmed did it, and how sure that is.

order.py     the commits by likelihood, with reasons
  harm.py    whom it hurt, by the judge's evidence and alarms
  uses.py    what functions are made of; imports.py: files that import others
  changes.py what changed in a template; code.py: whether a change of code can matter; weights.py: how much
bisect.py    between good and bad commits, by trying them out
"""

from shoreward.app.blame.bisect import Answer, Bisected, Trial, bisect, likelihoods, main_line
from shoreward.app.blame.harm import Harm
from shoreward.app.blame.order import Blame, Suspect, order
from shoreward.app.blame.uses import inputs_of, read_uses

__all__ = [
    "Answer",
    "Bisected",
    "Blame",
    "Harm",
    "Suspect",
    "Trial",
    "bisect",
    "inputs_of",
    "likelihoods",
    "main_line",
    "order",
    "read_uses",
]
