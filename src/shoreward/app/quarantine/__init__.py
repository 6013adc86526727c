"""What harmed, and what is built upon it without a fix, does not start again by any door.

keeping.py   what is held, as the journal and people's words have it
  rules.py   when a candidate is held; pure
  ancestry.py  what a history must answer · undoing.py: what of a change a later commit took back
"""

from shoreward.app.quarantine.keeping import CLEAN, Quarantine, Taint

__all__ = ["CLEAN", "Quarantine", "Taint"]
