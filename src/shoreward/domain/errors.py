"""The tree of errors: everything Shoreward raises on purpose.

    ShorewardError
    ├── UserError            what a person wrote or asked for cannot be done; exit code 2
    │   ├── SpecError        shoreward.yaml or a template is wrong, at a place
    │   └── Refused          the request does not fit the state that things are in
    └── OperationError       the world did not do what was asked
        ├── Retryable        it may go through later (throttled, 5xx, connection lost)
        └── Terminal         it will not go through until somebody changes something

Each carries a stable `code` (documented in docs/errors.md), says *what* is wrong, *where*, and what to do *next*.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in a file; line and column count from 1, as editors do."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


class ShorewardError(Exception):
    """Something that Shoreward has to say no to, with a stable code.

    Args:
        code: upper-case words joined by underscores, stable over releases.
        what: one sentence: what is wrong.
        where: where it is wrong, if it is a place.
        next: one sentence: what to do about it.
    """

    def __init__(self, code: str, what: str, *, where: Place | str | None = None, next: str = "") -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.where = where
        self.next = next

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        advice = f" {self.next}" if self.next else ""
        return f"{where}{self.what}{advice} [{self.code}]"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.code, self.what, self.where, self.next)


def _rebuild(kind: type[ShorewardError], code: str, what: str, where: Place | str | None, next: str) -> ShorewardError:
    return kind(code, what, where=where, next=next)


class UserError(ShorewardError):
    """What a person wrote or asked for cannot be done."""


class SpecError(UserError):
    """A file that a person wrote is wrong, at a place."""


class Refused(UserError):
    """The request is well formed but does not fit the state that things are in."""


class OperationError(ShorewardError):
    """The world did not do what was asked."""


class Retryable(OperationError):
    """It may go through later."""


class Terminal(OperationError):
    """It will not go through until somebody changes something."""


class SpecErrors(SpecError):
    """Several mistakes found in one reading, so that a person mends them all at once."""

    def __init__(self, errors: tuple[SpecError, ...]) -> None:
        first = errors[0]
        super().__init__(first.code, first.what, where=first.where, next=first.next)
        self.errors = errors

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)

    def __reduce__(self) -> tuple[object, ...]:
        return SpecErrors, (self.errors,)
