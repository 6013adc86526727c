"""What a statement grants or denies, as values that can be compared.

A statement with three actions on two resources is six grants, so that what is new can be named exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from shoreward.adapters.policy.iam.patterns import covers, meets
from shoreward.spec.template.plain import Path

Effect = Literal["Allow", "Deny"]


@dataclass(frozen=True, slots=True)
class Names:
    """A set of names: those that any of the patterns stands for, or all others when negated."""

    patterns: tuple[str, ...]
    negated: bool = False

    def covers(self, other: Names) -> bool:
        """Whether all of the other's names are among these; never a yes in doubt."""
        match self.negated, other.negated:
            case False, False:
                return all(any(covers(wide, narrow) for wide in self.patterns) for narrow in other.patterns)
            case True, False:
                return not any(meets(out, narrow) for out in self.patterns for narrow in other.patterns)
            case True, True:
                return all(any(covers(wide, out) for wide in other.patterns) for out in self.patterns)
            case _:
                return "*" in self.patterns

    def __str__(self) -> str:
        listed = ", ".join(self.patterns)
        return f"everything but {listed}" if self.negated else listed


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition that must hold: an operator of IAM, its key and its values.

    The operator `if` is CloudFormation's own: the key is the name of a condition, and the values its definition and the
    branch.
    """

    operator: str
    key: str
    values: frozenset[str]

    def implies(self, other: Clause) -> bool:
        """Whether the other one holds wherever this one does."""
        if self.operator != other.operator or self.key != other.key:
            return False
        if self.values == other.values:
            return True
        plain = self.operator.rsplit(":", 1)[-1].removesuffix("ifexists")
        if "not" in plain:
            return plain in _COMPARED and self.values >= other.values
        if plain.endswith("like") or plain.startswith("arn"):
            return all(any(covers(wide, narrow) for wide in other.values) for narrow in self.values)
        return plain in _COMPARED and self.values <= other.values


_COMPARED = ("arnequals", "arnnotequals", "arnnotlike", "ipaddress", "notipaddress", "stringequals",
             "stringequalsignorecase", "stringnotequals", "stringnotequalsignorecase", "stringnotlike")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Grant:
    """Something that is allowed or denied.

    Attributes:
        holder: whose policy it is: a role's, user's or group's logical id; `on X` for a policy on a resource, and
            `trust X` for who may take on a role.
        principal: who, in a policy on a resource; `("",)` in one of a role.
        action, resource: what, and on what; lower case for actions.
        clauses: conditions that must all hold.
        source: logical id of the resource that has the statement.
        path: where in that resource the action stands.
        people, on: where in it the principal and the resource of the grant stand.
        words: the action and the resource as they are written.
    """

    effect: Effect
    holder: str
    principal: Names
    action: Names
    resource: Names
    clauses: frozenset[Clause]
    source: str
    path: Path
    words: tuple[str, str] = ("", "")
    people: Path = field(default=(), compare=False)
    on: Path = field(default=(), compare=False)

    @property
    def rights(self) -> tuple[Names, Names, Names, frozenset[Clause]]:
        """What makes two grants of one holder the same, wherever they stand."""
        return self.principal, self.action, self.resource, self.clauses

    def covers(self, other: Grant) -> bool:
        """Whether whatever the other one grants (or denies) is granted (or denied) by this one, too."""
        return (
            self.effect == other.effect
            and self.holder == other.holder
            and self.action.covers(other.action)
            and self.resource.covers(other.resource)
            and self.principal.covers(other.principal)
            and all(any(given.implies(asked) for given in other.clauses) for asked in self.clauses)
        )

    @property
    def conditions(self) -> frozenset[Clause]:
        """The clauses that IAM knows; what stands under a condition of the template is granted somewhere."""
        return frozenset(clause for clause in self.clauses if clause.operator != "if")
