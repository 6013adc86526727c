"""The values that the API answers with and that pages are drawn from.

Times are UNIX seconds, shares fractions of all customers (0 to 1), weights percent of a target's traffic.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mood(StrEnum):
    """How a release, or a pipeline, is doing at a glance; the worst one comes first."""

    PERSON = "person"
    BACK = "back"
    MOVING = "moving"
    BAKING = "baking"
    WAITING = "waiting"
    HARMED = "harmed"
    CALM = "calm"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Something that an action asks for beside a reason; one of `choices` (value, words) where there are any.

    Attributes:
        kind: text, choice, or moment: a date and a time, sent as UNIX seconds.
    """

    name: str
    label: str
    kind: str = "text"
    choices: tuple[tuple[str, str], ...] = ()
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that a person may ask for: a command of the API, with what it does in words.

    Attributes:
        path: what is posted to; `body` is posted, with the fields and a reason.
        tone: plain, act or danger.
        reason: whether it asks why.
        admin: whether it takes an admin; an operator may do all others.
        unless: why it cannot be done now; "" when it can.
    """

    label: str
    title: str
    words: str
    path: str
    body: tuple[tuple[str, str], ...] = ()
    tone: str = "plain"
    fields: tuple[Field, ...] = ()
    reason: bool = True
    admin: bool = False
    unless: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """Why something does not move.

    Attributes:
        until: when it opens by itself; None when that takes evidence or a person.
        person: whether somebody has to act.
        gate: the gate that is closed, "" when it is none; `zone` is the time zone that it goes by.
        advice: what is to be done, in words; "" when nothing is.
        actions: with which a person does it.
    """

    what: str
    until: float | None
    person: bool
    gate: str = ""
    zone: str = ""
    advice: str = ""
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A release in one line; `outcome` is None while it is under way, `cause` and `reason` say why it went back."""

    id: str
    application: str
    number: int
    commit: str
    subject: str
    by: str
    opened_at: float
    ended_at: float | None
    outcome: str | None
    cause: str | None
    reason: str
    revision: str
    before: str | None
    waves: int
    baked: int
    exposed_at: float | None
    back_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bake:
    """What a target's bake has, and what it needs.

    Attributes:
        since: when this step began; `least` when it has baked long enough, `deadline` when waiting for evidence ends.
        requests: canary requests that were seen; `needed` how many more promotion takes, None where nobody can say.
        evidence: how far the evidence of safety is, 0 to 1, of the metric that is furthest behind.
        harm: how far the evidence of harm is, 0 to 1, of the metric that is worst.
        looked: when the judge last looked; None when nobody has.
    """

    since: float
    least: float
    deadline: float
    requests: int
    needed: int | None
    evidence: float | None
    harm: float | None
    verdict: str | None
    reason: str
    looked: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTarget:
    """A release on one of its targets; `state` is its phase in words, `reached` whether it has come so far."""

    target: str
    place: str
    wave: str
    share: float
    phase: str
    restored: str
    state: str
    mood: Mood
    percent: float
    bake: Bake | None
    judged: bool
    reached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """A release that is being carried.

    Attributes:
        exposure: share of all customers that it serves now.
        wave: index of the wave that it is in, -1 before the first; `baked` is the number of waves behind it.
        progress: how far it is through that wave, 0 to 1.
        standing: what it is doing, in words.
    """

    headline: Headline
    mood: Mood
    standing: str
    exposure: float
    wave: int
    baked: int
    progress: float
    held: bool
    going_back: bool
    why_back: str
    blockers: tuple[Blocked, ...]
    actions: tuple[Action, ...]
    targets: tuple[OnTarget, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What customers of a target are served by, and since when."""

    commit: str
    subject: str
    release: str
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Harbour:
    """A target of a pipeline, with what is live there; None when no release known here has stayed."""

    target: str
    place: str
    account: str
    region: str
    stack: str
    share: float
    live: Live | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveShown:
    """A wave of a pipeline: `share` of all customers are its own, `reached` have been reached when it has baked."""

    name: str
    share: float
    reached: float
    targets: tuple[Harbour, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A person's word that nothing moves; `everywhere` when it is about all pipelines."""

    everywhere: bool
    by: str
    at: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shore:
    """A pipeline: its waves from the open sea to the shore, and the releases that move over them, newest first."""

    application: str
    stop: Stop | None
    waves: tuple[WaveShown, ...]
    under_way: tuple[UnderWay, ...]
    past: tuple[Headline, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A pipeline at a glance; those who need a person come first."""

    application: str
    mood: Mood
    standing: str
    advice: str
    until: float | None
    stop: Stop | None
    live: Headline | None
    newest: Headline
    under_way: tuple[Glance, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """A release under way, at a glance: how many waves it has behind it, of how many."""

    id: str
    commit: str
    subject: str
    mood: Mood
    baked: int
    wave: int
    waves: int
    progress: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A finding of a check; `where` is file:line."""

    check: str
    rule: str
    severity: str
    what: str
    why: str
    fix: str
    where: str
    subject: str
    waived: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckShown:
    """A check's verdict."""

    name: str
    verdict: str
    summary: str
    seconds: float
    at: float
    kept: bool
    skipped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecksShown:
    """The verdict of the checks; `report` is the digest of the whole report, `blocked` counts what fails it."""

    verdict: str
    at: float
    seconds: float
    results: tuple[CheckShown, ...]
    findings: tuple[Found, ...]
    blocked: int
    report: str
    manifest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A line of a release's story; `seq` is the number of its event, `weighty` whether it decided something."""

    seq: int
    at: float
    event: str
    target: str
    place: str
    text: str
    verdict: str | None
    weighty: bool
    findings: tuple[Found, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From `at` on a target's canary had `percent` of its traffic."""

    at: float
    percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A target's traffic weight over time."""

    target: str
    place: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeShown:
    """A line of a change set."""

    action: str
    resource: str
    type: str
    replacement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What staging changes on a target."""

    target: str
    place: str
    lines: tuple[ChangeShown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseShown:
    """A release, whole."""

    headline: Headline
    now: UnderWay
    checks: ChecksShown | None
    story: tuple[Told, ...]
    weights: tuple[Weights, ...]
    changes: tuple[Changes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at a target said of one metric; the fields are those of the evidence in the journal.

    Attributes:
        canary_words, baseline_words: what both arms showed; of a shared metric, here and where it is compared with.
        ratio_low, ratio, ratio_high: canary's rate to the baseline's, with bounds that hold at all times together
            with 95 %; None where there is nothing to say yet.
        harm, safety: evidence as a part of what is needed, 0 to 1.
    """

    at: float
    until: float
    verdict: str
    canary_requests: int
    canary_bad: int
    baseline_requests: int
    baseline_bad: int
    canary_value: float | None
    baseline_value: float | None
    ratio_low: float | None
    ratio: float | None
    ratio_high: float | None
    harm: float
    safety: float
    needed: int | None
    canary_words: str
    baseline_words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """`share` of the requests took longer `than` so many milliseconds."""

    than: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric of a target, look after look.

    Attributes:
        kind: rate (a share of requests), gauge (a value), or count (events without requests).
        controls: what stands in for the baseline where both revisions share the metric; "" for the old revision itself.
        harmful, safe: ratios beyond which it is harm, and below which it may advance; None for what is no count.
        margin: of a gauge, how far it may differ; None where nobody said so.
        critical: whether promotion waits for it.
        canary_slower, baseline_slower: how latency is distributed, fastest limit first; empty of other metrics.
    """

    function: str
    subject: str
    metric: str
    kind: str
    strength: str
    controls: str
    verdict: str
    harmful: float | None
    safe: float | None
    margin: float | None
    critical: bool
    looks: tuple[Look, ...]
    canary_slower: tuple[Point, ...]
    baseline_slower: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementShown:
    """All that the judge said of a release on a target.

    Attributes:
        ended: when the release began to go back, or the target was done; None while it is judged.
    """

    headline: Headline
    target: str
    place: str
    verdict: str
    reason: str
    at: float
    began: float
    decision: str
    alarms: tuple[str, ...]
    metrics: tuple[Metric, ...]
    weights: Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitShown:
    """A commit that a release brings."""

    id: str
    subject: str
    author: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What a release changes in git; `whole` is False when the diff is cut. None of it when there is no repository."""

    before: str | None
    commit: str
    commits: tuple[CommitShown, ...]
    diff: str
    whole: bool
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Somebody's browser, as long as it is signed in."""

    who: str
    email: str
    since: float
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """That a webhook was heard; `branch` is looked at now."""

    branch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyChange:
    """A property of a template that changes; `before` or `after` is None where there is nothing."""

    resource: str
    type: str
    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """A permission, or a denial (`allows` False), that is widened (`gained`) or narrowed.

    Attributes:
        holder: whose policy it is; `on X` for a policy on a resource, `trust X` for who may take on a role.
        principal: who, in a policy on a resource; "" in one of a role.
    """

    gained: bool
    allows: bool
    holder: str
    principal: str
    actions: tuple[str, ...]
    resource: str
    conditions: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetChanges:
    """What a release changes on targets that change alike.

    Attributes:
        places: the targets in short words, in the same order.
        new: whether there was no stack before.
        lines: CloudFormation's change set.
        values: whether a configuration's values were compared, and no templates.
        properties: what differs between them.
        rights: what may be done in addition, or no more.
        more: how many properties and rights are left out here.
        trouble: why templates could not be compared; "" where they were.
    """

    targets: tuple[str, ...]
    places: tuple[str, ...]
    new: bool
    lines: tuple[ChangeShown, ...]
    values: bool
    properties: tuple[PropertyChange, ...]
    rights: tuple[Right, ...]
    more: int
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberShown:
    """A member of a group release.

    Attributes:
        after: members that it comes after, on its way forward; back it goes before them.
        step: how many members, at most, go before it one after the other.
        now: None where its release is not to be seen here.
    """

    application: str
    after: tuple[str, ...]
    step: int
    now: UnderWay | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupShown:
    """A group release, providers before their consumers."""

    id: str
    name: str
    members: tuple[MemberShown, ...]
