"""Pipelines that could be: a Hypothesis strategy over all that the domain allows a file to say."""

import base64
import json
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import strategies as st

from shoreward.domain import (
    Advisories,
    After,
    Age,
    Alarms,
    Approval,
    Auto,
    Bake,
    Checks,
    CloudWatchQuery,
    Dynamic,
    Fault,
    FileQuery,
    Freeze,
    Gate,
    Hook,
    Hours,
    JudgePolicy,
    Metric,
    Pipeline,
    PolicySource,
    Probe,
    PrometheusQuery,
    Query,
    Ramp,
    Resilience,
    SandboxPlan,
    Severity,
    Suite,
    Target,
    TrustedKey,
    Variable,
    Waiver,
    Wave,
    Window,
)
from shoreward.spec._kinds import json_text
from shoreward.spec._regions import PARTITIONS

names = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,30}", fullmatch=True)
logical_ids = st.from_regex(r"[A-Za-z0-9]{1,20}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
seconds = st.integers(0, 400_000).map(float)
percents = st.integers(1, 9_999).map(lambda hundredths: hundredths / 100)
fractions = st.floats(1e-6, 0.999)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
payloads = values.map(json_text).filter(lambda text: json_text(json.loads(text)) == text)


@st.composite
def targets(draw: st.DrawFn) -> list[Target]:
    accounts = draw(
        st.dictionaries(
            st.from_regex("[0-9]{12}", fullmatch=True), st.sampled_from(list(PARTITIONS)), min_size=1, max_size=3
        )
    )
    result: dict[str, Target] = {}
    for account, partition in accounts.items():
        roles = st.none() | names.map(lambda name, a=account, p=partition: f"arn:{p}:iam::{a}:role/{name}")
        role, execution_role = draw(roles), draw(roles)
        for region in draw(st.lists(st.sampled_from(PARTITIONS[partition]), min_size=1, max_size=3)):
            parameters = draw(st.dictionaries(logical_ids, texts, max_size=3))
            target = Target(
                account=account,
                region=region,
                stack=draw(names),
                role=role,
                execution_role=execution_role,
                parameters=tuple(sorted(parameters.items())),
                traffic=draw(st.none() | st.floats(1, 10)),
                customers=draw(st.none() | st.floats(0, 1e9)),
                fault_domain=draw(st.just("") | names),
            )
            result[target.key] = target
    return draw(st.permutations(list(result.values())))


@st.composite
def bakes(draw: st.DrawFn) -> Bake:
    minimum = draw(seconds)
    return Bake(
        minimum=minimum,
        requests=draw(st.integers(1, 10**9)),
        deadline=minimum + draw(st.integers(1, 400_000)),
        on_deadline=draw(st.sampled_from(["rollback", "hold"])),
    )


zones = st.sampled_from(["region", "Europe/Stockholm", "UTC"])
dates = st.dates().map(lambda day: day.isoformat())
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(second=0, microsecond=0))
words_of_a_gate = st.sampled_from(["off", "yes", "1.0", "the figures: all", "é # 1"])
minutes = st.integers(0, 1_440).map(lambda minute: 60 * minute)
some_days = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days)))
hours = st.builds(Hours, days=some_days, start=minutes, end=minutes).filter(
    lambda each: each.start != each.end and each.start < 86_400
)
placeholders = st.sampled_from(["{stack}-errors", "high errors", "né: #1", "{region}{account}"])
spans = {"timeout": st.integers(1, 900).map(float), "every": st.integers(1, 9_000).map(float)}


def gates_called(name: str) -> st.SearchStrategy[Gate]:
    """Gates of each kind, by that name."""
    said = {"name": st.just(name)}
    return st.one_of(
        st.builds(
            Window,
            **said,
            hours=st.lists(hours, min_size=1, max_size=2).map(tuple),
            zone=zones,
            holidays=st.sets(dates, max_size=2).map(lambda days: tuple(sorted(days))),
        ),
        st.builds(
            lambda start, length, zone: Freeze(
                name=name,
                start=start.isoformat(timespec="minutes"),
                end=(start + timedelta(minutes=length)).isoformat(timespec="minutes"),
                zone=zone,
            ),
            moments,
            st.integers(1, 100_000),
            zones,
        ),
        st.builds(
            Alarms,
            **said,
            alarms=st.lists(placeholders, min_size=1, max_size=2, unique=True).map(tuple),
            prefix=st.just("") | placeholders,
            every=st.integers(1, 9_000).map(float),
        ),
        st.builds(After, **said, application=names.map("other-{}".format)),
        st.builds(Age, **said, seconds=seconds),
        st.builds(Approval, **said, of=words_of_a_gate),
        st.builds(Hook, **said, function=placeholders, when=st.sampled_from(["start", "before", "after"]), **spans),
        st.builds(Hook, **said, url=st.just("https://desk.example/?a=b"), secret=st.sampled_from(["", "KEY"]), **spans),
        st.builds(Variable, **said, variable=logical_ids.map("v{}".format), value=words_of_a_gate),
    )


def gates(prefix: str) -> st.SearchStrategy[tuple[Gate, ...]]:
    """A few gates, each with a name of its own."""
    some = st.integers(0, 2).flatmap(lambda count: st.tuples(*(gates_called(f"{prefix}-{i}") for i in range(count))))
    return st.just(()) | some


@st.composite
def waves(draw: st.DrawFn) -> tuple[Wave, ...]:
    rest = draw(targets())
    result: list[Wave] = []
    while rest:
        count = draw(st.integers(1, len(rest)))
        steps = draw(st.lists(percents, min_size=1, max_size=4, unique=True))
        known = all(target.traffic for target in rest[:count])
        result.append(
            Wave(
                name=f"{draw(names)}.{len(result)}",
                targets=tuple(rest[:count]),
                steps=tuple(sorted(steps)),
                bake=draw(bakes()),
                soak=draw(seconds),
                at_once=draw(st.none() | st.integers(1, 1_000)),
                gates=draw(gates(f"wave-{len(result)}")),
                ramp=draw(st.none() | st.builds(Ramp, budget=st.floats(1e9, 1e12), first=percents)) if known else None,
            )
        )
        rest = rest[count:]
    return tuple(result)


@st.composite
def autos(draw: st.DrawFn) -> Auto:
    found = [replace(target, traffic=target.traffic or 2.5) for target in draw(targets())]
    return Auto(
        targets=tuple(found),
        budget=draw(st.floats(1, 1e12)),
        one_box=draw(percents),
        growth=draw(st.floats(1, 1_000)),
        max_duration=draw(st.none() | seconds),
        error_rate=draw(st.just(0.0) | fractions),
        detect=draw(fractions),
        bake=draw(bakes()),
        soak=draw(seconds),
    )


metric_names = st.from_regex(r"[a-z][a-z0-9-]{0,9}", fullmatch=True).filter(
    lambda name: name not in ("errors", "latency", "requests", "throttles")
)
promql = st.sampled_from(['sum(up{version="{version}"})', "avg_over_time(x{v='{arm}',r=~\"{region}\"}[{interval}s])"])


def query(parts: int, statistic: str) -> st.SearchStrategy[tuple[Query, ...]]:
    """So many series of one source, canary and baseline told apart."""
    dimensions = st.just((("Region", "{region}"), ("Version", "v{version}")))
    cloud = st.builds(
        lambda dimensions, names: tuple(
            CloudWatchQuery(namespace="My Shop", metric=name, dimensions=dimensions, statistic=statistic)
            for name in names
        ),
        dimensions,
        st.lists(st.sampled_from(["Orders", "No stock", "yes"]), min_size=parts, max_size=parts),
    )
    prometheus = st.lists(promql, min_size=parts, max_size=parts).map(
        lambda texts: tuple(PrometheusQuery(address="https://metrics.example/prom", promql=text) for text in texts)
    )
    columns = ("value",) if parts == 1 else ("requests", "bad")
    files = st.just(tuple(FileQuery(path="drills/samples.csv", sample="a b", column=column) for column in columns))
    return cloud | prometheus | files


metrics = st.builds(
    Metric,
    name=metric_names,
    kind=st.just("counts"),
    queries=query(2, "Sum"),
    harm=st.sampled_from(["higher", "lower", "both"]),
    ratio=st.floats(1.01, 100),
    points=st.just(0.0) | fractions,
    lasting=seconds,
    function=st.just("") | logical_ids,
    critical=st.booleans(),
) | st.builds(
    Metric,
    name=metric_names,
    kind=st.just("gauge"),
    queries=query(1, "p99.9"),
    harm=st.sampled_from(["higher", "lower", "both"]),
    margin=st.floats(1e-9, 1e9),
    noise=st.none() | st.floats(1e-9, 1e9),
    lasting=seconds,
    function=st.just("") | logical_ids,
    critical=st.booleans(),
)


judges = st.builds(
    JudgePolicy,
    alpha=fractions,
    beta=fractions,
    rollback_ratio=st.floats(1, 100),
    rollback_points=st.just(0.0) | fractions,
    promote_ratio=st.floats(1.01, 100),
    promote_points=st.just(0.0) | fractions,
    interval=st.sampled_from([1, 5, 10, 30]) | st.integers(1, 60).map(lambda minutes: 60 * minutes),
    delay=seconds,
    dispersion=st.floats(1, 1000),
    first_deployment_ceiling=fractions,
    metrics=st.lists(metrics, max_size=2, unique_by=lambda metric: metric.name).map(
        lambda found: tuple(sorted(found, key=lambda metric: metric.name))
    ),
    shared=st.booleans(),
    own_past=st.booleans(),
)

alarms = st.lists(
    st.lists(
        st.sampled_from(["{stack}", "{region}", "{account}", "-", "high errors", "né: #1"]), min_size=1, max_size=4
    ),
    max_size=3,
).map(lambda names: tuple(dict.fromkeys("".join(parts) for parts in names)))

check_names = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)
paths = st.sampled_from(["tests/unit", "a b/c.txt", "no", "1.0", "functions/*/requirements.txt"])
words = texts.filter(lambda text: text.strip() != "" and "\x00" not in text)
variables = st.from_regex("[A-Z_]{1,9}", fullmatch=True)


def some(items: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(items, max_size=2, unique=True).map(tuple)


suites = st.builds(
    Suite,
    name=check_names,
    kind=st.sampled_from(["unit", "quality", "integration", "dynamic"]),
    command=words,
    folder=st.just("") | paths,
    inputs=some(paths),
    environment=some(variables),
    tools=some(st.sampled_from(["node", "make", "g++"])),
    requirements=some(paths),
    report=st.just("") | paths,
    timeout=seconds,
    repeat=st.integers(1, 100),
)

sandbox_targets = st.builds(
    Target,
    account=st.from_regex("[0-9]{12}", fullmatch=True),
    region=st.sampled_from(PARTITIONS["aws"]),
    stack=names.map(lambda name: f"{name}-sandbox"),
    parameters=st.dictionaries(logical_ids, texts, max_size=2).map(lambda given: tuple(sorted(given.items()))),
)

shares = st.sampled_from([0.0, 1.0]) | fractions
a_while = st.integers(1, 10_000).map(float)
borne = {"may_fail": shares, "lasting": a_while, "recovery": seconds}
faults = (
    st.builds(Fault, kind=st.sampled_from(["throttle", "disconnect"]), function=logical_ids, **borne)
    | st.builds(Fault, kind=st.just("misdirect"), function=logical_ids, variable=variables, **borne)
    | st.builds(
        Fault,
        kind=st.just("squeeze"),
        function=logical_ids,
        timeout=st.integers(1, 900).map(float),
        memory=st.none() | st.integers(128, 10_240),
        **borne,
    )
)
resiliences = st.builds(
    Resilience,
    faults=st.lists(faults, max_size=3).map(tuple),
    load=st.just("") | words,
    rate=st.floats(0.1, 100),
    **borne,
)
dynamics = st.builds(
    Dynamic,
    methods=st.lists(st.sampled_from(["GET", "HEAD", "OPTIONS", "POST", "DELETE"]), min_size=1, unique=True).map(tuple),
    requests=st.integers(1, 100_000),
    limit=a_while,
    seed=st.integers(0, 2**31 - 1),
    headers=st.sampled_from([(), (("authorization", "TOKEN"),)]),
)

trusted_keys = st.builds(
    TrustedKey,
    name=st.sampled_from(["ci", "no", "1.0", "release-host"]),
    key=st.binary(min_size=32, max_size=32).map(
        lambda key: base64.b64encode(bytes.fromhex("302a300506032b6570032100") + key).decode()
    ),
)

checks = st.builds(
    Checks,
    resilience=st.none() | resiliences,
    dynamic=st.none() | dynamics,
    block=st.sampled_from(Severity),
    skip=some(check_names),
    discover=st.booleans(),
    suites=st.lists(suites, max_size=2, unique_by=lambda suite: suite.name).map(tuple),
    sandbox=st.none() | st.builds(SandboxPlan, target=sandbox_targets, lease=seconds, seed=st.just("") | words),
    policies=st.lists(
        st.builds(PolicySource, path=paths)
        | st.builds(
            PolicySource,
            path=paths,
            repository=st.sampled_from(["https://git.example/rules.git", "git@git.example:rules"]),
            ref=st.sampled_from(["", "v3", "main"]),
        ),
        max_size=2,
    ).map(tuple),
    advisories=st.builds(
        Advisories,
        source=st.sampled_from(["https://api.osv.dev", "http://127.0.0.1:8080", "/srv/osv", "osv"]),
        max_age=seconds,
        poll=seconds,
        on_new=st.sampled_from(["hold", "rollback"]),
    ),
    waivers=st.lists(
        st.builds(
            Waiver,
            rule=st.sampled_from(["*", "GHSA-652x-xj99-gmcc", "IAM_BROADENED"]),
            subject=words,
            reason=words,
            owner=words,
            expires=st.dates().map(lambda day: day.isoformat()),
        ),
        max_size=2,
    ).map(tuple),
    trusted_keys=st.lists(trusted_keys, max_size=2, unique_by=(lambda one: one.name, lambda one: one.key)).map(tuple),
    cache=st.sampled_from(["", "s3://verdicts/team", "/srv/verdicts", ".cache"]),
)

pipelines = st.builds(
    Pipeline,
    checks=checks,
    application=names,
    template=st.sampled_from(["template.yaml", "infra/app template.json", "no", "1.0"]),
    waves=waves(),
    auto=st.none(),
    judge=judges,
    alarms=alarms,
    probes=st.lists(
        st.builds(Probe, function=logical_ids, payload=payloads, expect=st.none() | payloads, every=seconds), max_size=2
    ).map(tuple),
    artifacts=st.sampled_from(["shoreward-{account}-{region}", "code.{region}"]),
    allow_replacement=st.lists(logical_ids, max_size=3, unique=True).map(tuple),
    gates=gates("all"),
    allow_drift=st.lists(logical_ids | logical_ids.map("{}.Timeout".format), max_size=3, unique=True).map(tuple),
)

pipelines = pipelines | st.builds(replace, pipelines, waves=st.just(()), auto=autos())
