"""What the journal holds, kept in memory and in step: every page and every answer is made from it.

Place in the flow: between the journal and all views. One thread calls `refresh`; any thread may read `sight`, a value
that is exchanged whole, so what one answer is made of fits together.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

from shoreward.app.ports import Happened, Journal, Kinds, Recorded
from shoreward.app.surroundings import UNCONDITIONAL, Conditions, Scene
from shoreward.core import Release, evolve, replay
from shoreward.core.control import NO_CONTROL, Control, steered
from shoreward.core.header import Header
from shoreward.domain import OperationError, Refused
from shoreward.web.around import Around

_KEPT = 64
"""How many releases that have ended are kept in memory once somebody has looked at them."""

_REMEMBERED = 20_000
"""How many events are kept for those who come back to the stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A release with all its events; `seq` of the last one tells one state of it from another."""

    state: Release
    recorded: tuple[Recorded, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """All that was known at one moment.

    Attributes:
        version: grows whenever anything changed.
        heard: id of the newest event that is in it.
        headers: releases of each application, oldest first.
        under_way: releases that are open, by id, in the order of their coming.
        trouble: why the journal cannot be read now; "" while it can.
        around: makes the surroundings of releases.
        whole: the sight that this is a part of (`only`); None for one that is whole.
    """

    version: int = 0
    heard: int = 0
    headers: Mapping[str, tuple[Header, ...]] = field(default_factory=dict[str, tuple[Header, ...]])
    under_way: Mapping[str, Carried] = field(default_factory=dict[str, Carried])
    control: Control = NO_CONTROL
    orders: int = 0
    trouble: str = ""
    around: Around | None = field(default=None, compare=False)
    whole: Sight | None = field(default=None, compare=False)

    @property
    def everything(self) -> Mapping[str, tuple[Header, ...]]:
        """Releases of each application, those included that somebody does not see: theirs may wait for them."""
        return (self.whole or self).headers

    def scene(self, now: float) -> Scene:
        """What bears on each release that is under way."""
        whole = self.whole or self
        if self.around is None:
            return Scene(releases=tuple(each.state for each in whole.under_way.values()), control=whole.control)
        return self.around.scene(whole, now)

    def touches(self, application: str, before: Sight) -> bool:
        """Whether something happened to a pipeline, or with "" anything, since an older sight."""
        if not application or self is before:
            return self is not before
        same = self.control is before.control and self.trouble == before.trouble
        # An event leaves neither the headers of its pipeline nor a release that is under way as the objects they were.
        return not (same and self.headers.get(application) is before.headers.get(application))

    def moves(self, application: str) -> bool:
        """Whether a release of a pipeline, or with "" of any, is under way."""
        return any(application in ("", each.state.pipeline.application) for each in self.under_way.values())

    def only(self, sees: Callable[[str], bool]) -> Sight:
        """With the pipelines that somebody sees, and what was said of them or of every one.

        What is under way elsewhere stays: theirs may wait for it.
        """
        return replace(
            self,
            headers={name: headers for name, headers in self.headers.items() if sees(name)},
            control=self.control.only(sees),
            whole=self.whole or self,
        )

    def of(self, application: str) -> tuple[Header, ...]:
        """An application's releases, oldest first; raises `Refused` (PIPELINE_UNKNOWN)."""
        if application not in self.headers:
            raise Refused(
                "PIPELINE_UNKNOWN",
                "The journal knows no pipeline of this name.",
                next="/api/v1/pipelines lists those it knows; a pipeline is known from its first release on.",
            )
        return self.headers[application]


class Watch:
    """Follows a journal.

    Args:
        conditions: what bears on releases beside what is in the journal.

    Raises:
        OperationError: the journal cannot be read, at the start; later that is `Sight.trouble`.
    """

    def __init__(self, journal: Journal, conditions: Conditions = UNCONDITIONAL) -> None:
        self._journal = journal
        self._changes = journal.changes()
        self._recent: deque[Happened] = deque(maxlen=_REMEMBERED)
        self._ended: OrderedDict[str, Carried] = OrderedDict()
        self._lock = threading.Lock()
        heard = journal.newest()
        headers: dict[str, tuple[Header, ...]] = {}
        grouped: dict[str, list[Header]] = {}
        for header in journal.releases():
            grouped.setdefault(header.application, []).append(header)
        headers = {name: tuple(group) for name, group in grouped.items()}
        under_way = {header.id: self._read(header.id) for header in journal.releases(open=True)}
        orders = journal.orders()
        control = reduce(steered, orders, NO_CONTROL)
        self._since = heard
        self.sight = Sight(
            version=1,
            heard=heard,
            headers=headers,
            under_way=under_way,
            control=control,
            orders=len(orders),
            around=Around(conditions, lambda release: self.carried(release).state),
        )

    def refresh(self) -> bool:
        """Look at what others appended; whether anything changed. Never raises for a journal that is not to be had."""
        before = self.sight
        try:
            changes = self._journal.changes()
            if changes == self._changes and not before.trouble:
                return False
            after = replace(self._followed(before), trouble="")
        except OperationError as error:
            after = replace(before, trouble=str(error))
        else:
            self._changes = changes
        if after == before:
            return False
        self.sight = replace(after, version=before.version + 1)
        return True

    def _followed(self, sight: Sight) -> Sight:
        while news := self._journal.happened(sight.heard):
            sight = self._with(sight, news)
            self._recent.extend(news)
        orders = self._journal.orders(sight.orders)
        if orders:
            control = reduce(steered, orders, sight.control)
            sight = replace(sight, control=control, orders=sight.orders + len(orders))
        return sight

    def _with(self, sight: Sight, news: Sequence[Happened]) -> Sight:
        headers, under_way = dict(sight.headers), dict(sight.under_way)
        changed: dict[str, list[Recorded]] = {}
        for each in news:
            changed.setdefault(each.release, []).append(Recorded(seq=each.seq, event=each.event))
        for release, recorded in changed.items():
            header = self._journal.header(release)
            headers[header.application] = _exchanged(headers.get(header.application, ()), header)
            known = under_way.get(release)
            carried = _further(known, recorded) if known else self._read(release)
            if header.open:
                under_way[release] = carried
            else:
                under_way.pop(release, None)
                self._keep(carried)
        return replace(sight, heard=news[-1].id, headers=headers, under_way=under_way)

    def carried(self, release: str) -> Carried:
        """A release, under way or not; raises `Refused` (RELEASE_UNKNOWN)."""
        if found := self.sight.under_way.get(release):
            return found
        with self._lock:
            if found := self._ended.get(release):
                self._ended.move_to_end(release)
                return found
        found = self._read(release)
        if found.state.ended:
            self._keep(found)
        return found

    def events(self, release: str, *, kinds: Kinds) -> Sequence[Recorded]:
        """Events of some kinds, as they are in memory or in the journal; raises `Refused` (RELEASE_UNKNOWN)."""
        known = self.sight.under_way.get(release) or self._ended.get(release)
        if known is None:
            return self._journal.events(release, kinds=kinds)
        return tuple(each for each in known.recorded if type(each.event) in kinds)

    def since(self, after: int, *, limit: int = 500) -> Sequence[Happened]:
        """Events behind the one with the id `after`, in order, at most `limit`; those that `sight` knows of.

        Raises:
            Refused: STREAM_AHEAD when there is no such event yet.
        """
        heard = self.sight.heard
        if after > heard:
            raise Refused(
                "STREAM_AHEAD",
                f"There is no event {after} yet: the newest is {heard}.",
                next="Ask without an id, and read the releases anew; the journal is another one than before.",
            )
        if after >= self._since:
            # Whoever is up to date, or nearly, is served from memory; the newest events are at its end.
            found: list[Happened] = []
            for each in reversed(self._recent.copy()):
                if each.id <= after:
                    return [one for one in reversed(found) if one.id <= heard][:limit]
                found.append(each)
            if len(found) < _REMEMBERED:
                return [one for one in reversed(found) if one.id <= heard][:limit]
        return self._journal.happened(after, limit=limit)

    def _keep(self, carried: Carried) -> None:
        with self._lock:
            self._ended[carried.state.id] = carried
            self._ended.move_to_end(carried.state.id)
            while len(self._ended) > _KEPT:
                self._ended.popitem(last=False)

    def _read(self, release: str) -> Carried:
        recorded = tuple(self._journal.events(release))
        return Carried(state=replay(release, (each.event for each in recorded)), recorded=recorded)


def _further(carried: Carried, recorded: Sequence[Recorded]) -> Carried:
    known = carried.recorded[-1].seq
    new = tuple(each for each in recorded if each.seq > known)
    state = reduce(evolve, (each.event for each in new), carried.state)
    return Carried(state=state, recorded=(*carried.recorded, *new))


def _exchanged(headers: tuple[Header, ...], header: Header) -> tuple[Header, ...]:
    """The headers with one that is new, or in the place of what it was."""
    for place in range(len(headers) - 1, -1, -1):
        if headers[place].id == header.id:
            return (*headers[:place], header, *headers[place + 1 :])
        if headers[place].number < header.number:
            break
    return (*headers, header)
