"""The story of a configuration, where it differs from that of an application: values, and neither stack nor canary.

Under `story`, which asks here first when a release carries values.
"""

from __future__ import annotations

from shoreward.app.words.wording import counted
from shoreward.core import Event
from shoreward.core import events as e
from shoreward.domain import spelled

_EFFECTS = {"build": "reading the values", "stage": "publishing", "shift": "writing", "restore-stack": "writing back"}


def value_words(event: Event) -> str | None:
    """What happened to values; None for what is told as of an application."""
    match event:
        case e.RevisionBuilt(revision=revision):
            return f"read the values of revision {revision.digest[:10]}"
        case e.TargetInspected(snapshot=snapshot):
            return "noted what is there" if snapshot.exists else "nothing of it is here yet"
        case e.TargetStaged(staged=staged):
            return f"{counted(len(staged.changes), 'value')} to change"
        case e.TargetProbed():
            return "whoever is judged is there, and quiet"
        case e.TrafficShifted():
            return "values written: all customers here meet them"
        case e.TargetFinished():
            return "finished: everybody has the values"
        case e.StackRestored(found=found):
            meanwhile = f"; somebody had changed it meanwhile: {spelled(found)}" if found else ""
            return f"values are back at what they were{meanwhile}"
        case e.EffectFailed():
            verb = event.effect.partition("/")[0]
            return f"{_EFFECTS.get(verb, verb)} failed: {event.what} [{event.code}]"
        case _:
            return None
