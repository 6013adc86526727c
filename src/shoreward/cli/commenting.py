"""The comment at a pull request: the verdict of the checks, and the plan, each in a section of one comment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from shoreward.adapters.telling import Comment, comment_here
from shoreward.app.checking.answer import Answer
from shoreward.app.checking.report import markdown
from shoreward.app.words.plain import as_code, for_markdown
from shoreward.app.words.wording import counted
from shoreward.cli.output import span, warn
from shoreward.domain import Difference, OperationError


def comment_on(application: str) -> Comment:
    """The comment of the pull request that this CI job is about; raises as `comment_here`."""
    return comment_here(os.environ, application)


def say_checks(comment: Comment, answer: Answer) -> None:
    """Write what the checks found; that nobody could write it changes nothing in the verdict."""
    try:
        _say(comment, "checks", markdown(answer))
    except OperationError as error:
        warn(f"The comment could not be written. {error}")


def say_plan(comment: Comment, plan: dict[str, Any]) -> None:
    """Write what a release would change; raises as `Comment.say`."""
    _say(comment, "plan", plan_markdown(plan))


def _say(comment: Comment, section: str, text: str) -> None:
    if address := comment.say(section, text):
        # Standard output is the command's answer, which may be JSON.
        warn(f"The comment is at {address}.")


def plan_markdown(plan: dict[str, Any]) -> str:
    """A plan as a comment: a line for each wave and each target, what it changes folded away."""
    since = f"since `{plan['before'][:10]}`" if plan["before"] else "the first release"
    lines = [f"### What a release of `{plan['commit'][:10]}` would change ({since})", ""]
    lines += [f"- {for_markdown(note['text'])} (`{note['code']}`)" for note in plan["notes"]]
    for number, wave in enumerate(plan["waves"], start=1):
        steps = [*(f"{step:g} %" for step in wave["steps"]), "then all" if wave["steps"] else "all at once"]
        lines += ["", f"**Wave {number}, {for_markdown(wave['name'])}** ({', '.join(steps)})", ""]
        lines += [line for target in wave["targets"] for line in _target(target, plan["kind"])]
    lines += ["", f"At least {span(plan['at_least_seconds'])} from here to the last target."]
    return "\n".join(lines)


def _target(target: dict[str, Any], kind: str) -> Iterator[str]:
    place = f"`{target['account']}/{target['region']}`"
    if "error" in target:
        yield f"- ❌ {place}: {for_markdown(target['error']['what'])} (`{target['error']['code']}`)"
        return
    changes = [each for each in target["changes"] if each["type"] != "AWS::Lambda::Alias" or each["action"] != "Modify"]
    new = "" if target["exists"] else "a new stack, " if kind == "application" else "nothing is there yet, "
    yield f"- {place}: {new}{counted(len(changes), 'change')}"
    for change in changes:
        sign = " **(replaced)**" if change["replacement"] == "True" else ""
        yield f"  - {change['action'].lower()} {as_code(change['logical_id'])} ({for_markdown(change['type'])}){sign}"
    for one in target["drift"]:
        yield f"  - ⚠️ {for_markdown(str(Difference(**one)))}"
