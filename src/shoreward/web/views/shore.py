"""A pipeline from the open sea to the shore: its waves, what is live on their targets, and what moves over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate

from shoreward.app.words.story import places
from shoreward.core import Phase, Release
from shoreward.core.header import Header
from shoreward.domain import Outcome, Pipeline
from shoreward.web.views.shapes import Harbour, Live, Shore, Stop, WaveShown
from shoreward.web.views.under_way import headline, served, shares, under_way
from shoreward.web.watch import Carried, Sight

PAST = 12
"""How many releases that have ended a pipeline's page shows."""

_LOOKED_BACK = 5
"""How many releases that stayed are asked what is live; a target that none of them reached has none."""

Load = Callable[[str], Carried]
"""The release of an id."""


def shore(sight: Sight, load: Load, application: str, now: float) -> Shore:
    """A pipeline; raises `Refused` (PIPELINE_UNKNOWN)."""
    headers = sight.of(application)
    newest_first = headers[::-1]
    pipeline = load(newest_first[0].id).state.pipeline
    open_ones = [header for header in newest_first if header.id in sight.under_way]
    past = [header for header in newest_first if header.id not in sight.under_way][:PAST]
    return Shore(
        application=application,
        stop=stop_of(sight, application),
        waves=_waves(pipeline, _live(pipeline, headers, load)),
        under_way=tuple(under_way(sight, sight.under_way[header.id], header, now) for header in open_ones),
        past=tuple(headline(header) for header in past),
    )


def stop_of(sight: Sight, application: str) -> Stop | None:
    """What stops a pipeline, in a person's words."""
    word = sight.control.stop_of(application)
    return Stop(everywhere=not word.application, by=word.by, at=word.at, why=word.why) if word else None


def _waves(pipeline: Pipeline, live: Mapping[str, Live]) -> tuple[WaveShown, ...]:
    names, share = places(pipeline), shares(pipeline)
    of = [sum(share[target.key] for target in wave.targets) for wave in pipeline.waves]
    return tuple(
        WaveShown(
            name=wave.name,
            share=own,
            reached=min(1.0, reached),
            targets=tuple(
                Harbour(
                    target=target.key,
                    place=names[target.key],
                    account=target.account,
                    region=target.region,
                    stack=target.stack,
                    share=share[target.key],
                    live=live.get(target.key),
                )
                for target in wave.targets
            ),
        )
        for wave, own, reached in zip(pipeline.waves, of, accumulate(of), strict=True)
    )


def _live(pipeline: Pipeline, headers: Iterable[Header], load: Load) -> Mapping[str, Live]:
    """What is live on each target: of the newest release that serves everybody there, under way or not."""
    wanted, found, asked = {target.key for target in pipeline.targets}, dict[str, Live](), 0
    for header in reversed(tuple(headers)):
        if wanted <= found.keys() or asked >= _LOOKED_BACK:
            break
        if header.outcome is Outcome.SUCCEEDED or header.open:
            asked += header.outcome is Outcome.SUCCEEDED
            for key, since in _serving(load(header.id).state).items():
                found.setdefault(
                    key, Live(commit=header.commit, subject=header.subject, release=header.id, since=since)
                )
    return found


def _serving(state: Release) -> Mapping[str, float]:
    return {
        key: each.finished_at
        for key, each in state.deployments.items()
        if each.phase is Phase.FINISHED and served(each) == 1
    }
