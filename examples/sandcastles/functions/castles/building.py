"""What a castle is, and what a builder may ask for."""

import json
import re
from dataclasses import asdict, dataclass

CASTLE_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
LIMITS = {"towers": (1, 20), "height_cm": (5, 300), "shells": (0, 500)}


class BadPlan(ValueError):
    """The plan cannot be built; the message says everything that is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A castle as its builder imagines it."""

    beach: str
    builder: str
    towers: int
    height_cm: int
    shells: int = 0
    moat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Castle:
    """A castle that stands. Building it again under the same name makes a new build, without a score at first."""

    castle_id: str
    build_id: str  # Sorts by the time of building.
    plan: Plan
    score: int | None = None

    def as_dict(self):
        return {"castle_id": self.castle_id, "build_id": self.build_id, **asdict(self.plan), "score": self.score}


def read_plan(text):
    """The plan that JSON `text` describes; BadPlan if it does not describe one."""
    try:
        wish = json.loads(text or "")
    except (ValueError, RecursionError):  # the latter when it is nested deeply
        raise BadPlan("the plan is not JSON") from None
    if not isinstance(wish, dict):
        raise BadPlan("the plan is not a JSON object")
    problems = list(_problems(wish))
    if problems:
        raise BadPlan("; ".join(problems))
    return Plan(**wish)


def _problems(wish):
    fields = Plan.__dataclass_fields__
    for name in sorted(wish.keys() - fields.keys()):
        yield f"{name} is not part of a plan"
    for name in ("beach", "builder"):
        if not isinstance(wish.get(name), str) or not 1 <= len(wish[name]) <= 80:
            yield f"{name} must be a text of 1 to 80 characters"
    for name, (least, most) in LIMITS.items():
        number = wish.get(name, 0)
        if type(number) is not int or not least <= number <= most:
            yield f"{name} must be a whole number from {least} to {most}"
    if not isinstance(wish.get("moat", False), bool):
        yield "moat must be true or false"
