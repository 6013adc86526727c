"""Which files a check reads: patterns over the files of a commit, as `.gitignore` has them, each for itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from shoreward.app.files import Entry, Source
from shoreward.domain import SpecError


def entries_matching(source: Source, commit: str, patterns: Sequence[str]) -> tuple[Entry, ...]:
    """Files of a commit that patterns name, in the commit's order.

    Args:
        patterns: from the repository's root: `*`, `**` and `?` as in `.gitignore`, a folder for all that is in it,
            `!` in front for what is left out again, and the last one that matches decides. All files when empty, or
            when the first one leaves something out.

    Raises:
        SpecError: PATTERN_INVALID.
    """
    return matching(source.entries(commit), patterns)


def matching(entries: Iterable[Entry], patterns: Sequence[str]) -> tuple[Entry, ...]:
    """The entries that patterns name; see `entries_matching`."""
    if not patterns:
        return tuple(entries)
    rules = [_rule(pattern) for pattern in reversed(patterns)]
    otherwise = patterns[0].startswith("!")

    def named(path: str) -> bool:
        return next((takes for takes, matches in rules if matches(path)), otherwise)

    return tuple(entry for entry in entries if named(entry.path))


def _rule(pattern: str) -> tuple[bool, Callable[[str], bool]]:
    """Whether a pattern takes what it matches in, and what it matches.

    Git would look for `!docs` at the folder alone, of which `**` has already named every file; each pattern stands for
    itself here, so that a folder is all that is in it with a `!` as well as without.
    """
    from pathspec import GitIgnoreSpec

    takes, wanted = not pattern.startswith("!"), pattern.removeprefix("!")
    try:
        if not wanted.strip("/ "):
            raise ValueError(f"{pattern!r} names nothing")
        spec = GitIgnoreSpec.from_lines([f"\\{wanted}" if wanted.startswith(("!", "#")) else wanted])
    except (ValueError, re.error) as error:
        advice = "Write it as in .gitignore: functions/**, *.py, !docs."
        raise SpecError("PATTERN_INVALID", f"The pattern cannot be read: {error}.", next=advice) from error
    return takes, spec.match_file


def content_of(entries: Iterable[Entry]) -> list[list[str]]:
    """What files are, as plain JSON for a digest: path, kind, and the id of the content."""
    return [[entry.path, entry.kind, entry.id] for entry in entries]
