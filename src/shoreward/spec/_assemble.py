"""What was read key by key becomes a pipeline, and what no single key can know is checked.

Between `spec._format` and `spec.load`. Every check complains and goes on; a pipeline that was complained about is
thrown away by `load`, so values that are missing here may be replaced by empty ones.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, cast

from shoreward.domain import (
    Auto,
    Bake,
    BlamePolicy,
    Checks,
    Gate,
    JudgePolicy,
    LatencyPolicy,
    Pipeline,
    Probe,
    Ramp,
    Target,
    Wave,
    Written,
)
from shoreward.domain.ramp import LEVELS, affordable
from shoreward.spec._assemble_checks import assemble_checks
from shoreward.spec._configuration import assemble_configuration, check_judged, check_sandbox, checked, judged_past
from shoreward.spec._format import TEMPLATE
from shoreward.spec._gates import assemble_gates, check_names
from shoreward.spec._kinds import duration_text, percent_text
from shoreward.spec._metrics import assemble_metrics
from shoreward.spec._regions import PARTITION_OF
from shoreward.spec._shapes import At
from shoreward.spec._words import did_you_mean
from shoreward.spec.calendars import Beside

Found = dict[str, Any]
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def assemble(found: Found, at: At, folder: str, beside: Beside | None) -> Pipeline:
    """The pipeline of a file.

    Args:
        found: what `spec._format.PIPELINE` read.
        folder: the file's folder relative to the repository's root, '' for the root itself.
        beside: what lies beside it; None where there is nothing to read.
    """
    configuration = assemble_configuration(found, at, folder)
    judge = _judge(found.get("judge", {}), at / "judge", folder)
    judge = replace(judge, own_past=judged_past(found, configuration))
    settling = _Waves(found, at, judge, folder, beside)
    waves, auto = settling.waves(), settling.auto()
    stack = found.get("stack", found.get("application", ""))
    defaults = Pipeline(application="", template="", waves=())
    regions = {
        target.region for target in (*(auto.targets if auto else ()), *(t for wave in waves for t in wave.targets))
    }
    _check_bucket(found.get("artifacts", defaults.artifacts), regions, at / "artifacts")
    pipeline = Pipeline(
        application=found.get("application", ""),
        template="" if configuration else _template(found.get("template", TEMPLATE), at / "template", folder),
        waves=tuple(replace(wave, steps=()) for wave in waves) if configuration else waves,
        judge=judge,
        alarms=tuple(found.get("alarms", defaults.alarms)),
        probes=tuple(
            _probe(probe, at / "probes" / index) for index, probe in enumerate(found.get("probes", ())) if probe
        ),
        artifacts=found.get("artifacts", defaults.artifacts),
        allow_replacement=tuple(found.get("allow-replacement", defaults.allow_replacement)),
        allow_drift=tuple(found.get("allow-drift", defaults.allow_drift)),
        checks=checked(
            assemble_checks(found.get("checks", {}), at / "checks", folder, settling.target, stack, settling.stacks),
            configuration,
        ),
        auto=auto,
        gates=settling.gates,
        blame=_blame(found.get("blame", {})),
        configuration=configuration,
    )
    check_judged(pipeline, at)
    check_sandbox(pipeline.checks or Checks(), configuration, at / "checks" / "sandbox")
    return pipeline


def _blame(found: Found) -> BlamePolicy:
    return BlamePolicy(bisect=tuple(found.get("bisect", ())), revert=found.get("revert", BlamePolicy().revert))


def _template(path: str, at: At, folder: str) -> str:
    normal = posixpath.normpath(posixpath.join(folder, path))
    if normal == ".." or normal.startswith("../"):
        at.complain("SPEC_PATH", f"'{path}' leads out of the repository.", "Keep the template in the repository.")
    return normal


def _probe(found: Found, at: At) -> Probe:
    values: Found = {"function": "", **found}
    return Probe(**values, where=(at / "function").place)


@dataclass(slots=True)
class _Waves:
    """Makes the waves; remembers which targets and names there have been."""

    found: Found
    at: At
    judge: JudgePolicy
    folder: str
    beside: Beside | None
    gates: tuple[Gate, ...] = ()
    stacks: dict[str, str] = field(default_factory=dict[str, str])
    partitions: dict[str, str] = field(default_factory=dict[str, str])

    def waves(self) -> tuple[Wave, ...]:
        self._check_roles()
        self.gates = self._gates(self.found, self.at)
        result: list[Wave] = []
        written = self.found.get("waves", ())
        if isinstance(written, dict):
            return ()
        if "targets" in self.found:
            what = "'targets' is what `waves: auto` derives waves from, and here they are written down."
            (self.at / "targets").complain("SPEC_AUTO", what, "Remove it, or write `waves: auto`.", key=True)
        for index, wave in enumerate(written):
            if wave is None:
                continue
            here = self.at / "waves" / index
            if wave.get("name") in [earlier.name for earlier in result]:
                (here / "name").complain("SPEC_WAVE_TWICE", f"There is a wave '{wave['name']}' above.", "Rename one.")
            result.append(self._wave(wave, here))
        return tuple(result)

    def _gates(self, found: Found, at: At) -> tuple[Gate, ...]:
        name = self.found.get("application", "")
        return assemble_gates(found.get("gates", {}), at / "gates", self.folder, name, self.beside)

    def auto(self) -> Auto | None:
        """What waves are derived from; None where they are written down."""
        options, defaults = self.found.get("waves", ()), self.found.get("defaults", {})
        if not isinstance(options, dict):
            return None
        if "targets" not in self.found and not self.at.holds("targets"):
            what = "Waves can only be derived from targets, and there are none."
            (self.at / "waves").complain("SPEC_AUTO", what, "Add `targets:`.")
        for key in ("steps", "ramp", "harm-budget", "one-box"):
            if key in defaults:
                what = f"'{key}' is derived, or an option of 'waves', with `waves: auto`."
                (self.at / "defaults" / key).complain("SPEC_AUTO", what, "Remove it here.", key=True)
        entries = self.found.get("targets", ())
        places = [self.at / "targets" / index for index in range(len(entries))]
        targets = [self._once(entry, here) for entry, here in zip(entries, places, strict=True) if entry]
        names = {"harm-budget": "budget"}
        return Auto(
            targets=tuple(target for target in targets if target),
            bake=_bake(defaults.get("bake", {}), self.at / "defaults" / "bake"),
            soak=defaults.get("soak", Auto(targets=()).soak),
            where=(self.at / "waves").place,
            **{names.get(key, key.replace("-", "_")): value for key, value in cast("Found", options).items()},
        )

    def _check_roles(self) -> None:
        accounts: dict[str, Found | None] = self.found.get("accounts", {})
        for name, account in accounts.items():
            number = account.get("id") if account else None
            for key in ("role", "execution-role"):
                role = account.get(key, "") if account else ""
                if role and number and role.split(":")[4] != number:
                    what = f"The role is in account {role.split(':')[4]}, but '{name}' is {number}."
                    (self.at / "accounts" / name / key).complain("SPEC_ROLE_ACCOUNT", what, "Correct one of them.")

    def _wave(self, wave: Found, at: At) -> Wave:
        defaults: Found = self.found.get("defaults", {})
        default = Wave(name="", targets=())

        def home(key: str) -> At:
            return (at if key in wave else self.at / "defaults") / key

        settings = {**defaults, **wave}
        certified = settings.get("ramp") == "certified"
        steps = settings.get("steps", LEVELS if certified else default.steps)
        _check_steps(steps, home("steps"))
        bake = _bake({**defaults.get("bake", {}), **wave.get("bake", {})}, home("bake"))
        targets = [self._once(entry, at / "targets" / i) for i, entry in enumerate(wave.get("targets", ())) if entry]
        for key in ("harm-budget", "one-box"):
            if key in wave and not certified:
                what = f"'{key}' says something only with `ramp: certified`."
                (at / key).complain("SPEC_RAMP", what, "Add that, or remove the key.", key=True)
        result = Wave(
            name=wave.get("name", ""),
            targets=tuple(target for target in targets if target),
            steps=tuple(steps),
            bake=bake,
            soak=settings.get("soak", default.soak),
            ramp=Ramp(
                budget=settings.get("harm-budget", Ramp().budget),
                first=settings.get("one-box", Ramp().first),
            )
            if certified
            else None,
            at_once=wave.get("at-once"),
            gates=self._gates(wave, at),
        )
        check_names(self.gates, result.gates, at / "gates")
        if certified and steps and None not in steps:
            self._check_ramp(result, wave, at, home)
        return result

    def _check_ramp(self, wave: Wave, found: Found, at: At, home: Callable[[str], At]) -> None:
        """A ramp needs traffic to be certified by, and a first step that its budget can pay for."""
        here = [at / "targets" / index for index, entry in enumerate(found.get("targets", ())) if entry]
        for target, place in zip(wave.targets, here, strict=False):
            _check_traffic(target, place)
        dear = [each for each in wave.targets if each.traffic and affordable(wave, each, self.judge, wave.steps[0]) < 1]
        if dear:
            what = f"Were every request to fail, {percent_text(wave.steps[0])} of {dear[0]} would cost more than that."
            home("harm-budget").complain("SPEC_RAMP", what, "Allow more, or begin with a smaller step.")

    def target(self, entry: Found, at: At) -> Target | None:
        """A target, with all its parameters; None when its account or region is not known."""
        here = at / "target" if at.holds("target") else at
        accounts: dict[str, Found | None] = self.found.get("accounts", {})
        name, _, region = entry.get("target", "/").partition("/")
        if name not in accounts and accounts and name:
            what = f"There is no account '{name}' in 'accounts'."
            here.complain("SPEC_ACCOUNT_UNKNOWN", what, did_you_mean(name, accounts))
        if region and region not in PARTITION_OF:
            here.complain("SPEC_REGION_UNKNOWN", f"There is no region '{region}'.", did_you_mean(region, PARTITION_OF))
        account = accounts.get(name)
        if not account or region not in PARTITION_OF:
            return None
        self._check_partition(name, region, account.get("role"), here)
        levels = (self.found, self.at), (account, self.at / "accounts" / name), (entry, at)
        parameters = {
            key: Written(value, (level / "parameters" / key).place)
            for given, level in levels
            for key, value in given.get("parameters", {}).items()
        }
        return Target(
            account=account.get("id", ""),
            region=region,
            stack=entry.get("stack", self.found.get("stack", self.found.get("application", ""))),
            role=account.get("role"),
            execution_role=account.get("execution-role"),
            parameters=tuple(sorted(parameters.items())),
            traffic=entry.get("traffic"),
            customers=entry.get("customers"),
            fault_domain=entry.get("fault-domain", ""),
        )

    def _once(self, entry: Found, at: At) -> Target | None:
        """A target of a wave, which no other wave has."""
        target = self.target(entry, at)
        if target is None:
            return None
        here = at / "target" if at.holds("target") else at
        if target.key in self.stacks:
            what = f"The target {entry['target']} with stack '{target.stack}' is already in {self.stacks[target.key]}."
            here.complain("SPEC_TARGET_TWICE", what, "Keep it in one wave only, or give it another stack.")
        self.stacks.setdefault(target.key, f"line {here.line}")
        return target

    def _check_partition(self, name: str, region: str, role: str | None, at: At) -> None:
        partition = PARTITION_OF[region]
        first = self.partitions.setdefault(name, role.split(":")[1] if role else partition)
        if first != partition:
            what = f"{region} is in partition {partition}, but account '{name}' is in {first}."
            at.complain("SPEC_PARTITION", what, "An account belongs to one partition: name another account for it.")


def _check_traffic(target: Target | None, at: At) -> None:
    if target and not target.traffic:
        here = at / "traffic" if at.holds("traffic") else at
        what = f"Nobody knows how many requests a share of the traffic of {target.region} is."
        here.complain("SPEC_TRAFFIC", what, "Say it: `traffic:`, in requests per second.")


def _check_steps(steps: Sequence[float | None], at: At) -> None:
    for index, (before, after) in enumerate(pairwise(steps), start=1):
        if before is not None and after is not None and after <= before:
            what = f"{percent_text(after)} comes after {percent_text(before)}: steps must rise."
            (at / index).complain("SPEC_STEPS_NOT_RISING", what, "Write them in rising order.")


def _bake(found: Found, at: At) -> Bake:
    bake = Bake(**{key.replace("-", "_"): value for key, value in found.items()})
    if bake.deadline <= bake.minimum:
        key = "minimum" if at.holds("minimum") else "deadline"
        what = (
            f"The deadline ({duration_text(bake.deadline)}) is not after the minimum ({duration_text(bake.minimum)})."
        )
        (at / key).complain("SPEC_DEADLINE", what, "Make the deadline longer.")
    return bake


def _judge(found: Found, at: At, folder: str) -> JudgePolicy:
    margins = {name: found.get(f"{name}-margin", {}) for name in ("rollback", "promote")}
    others = {"rollback-margin", "promote-margin", "warm-up", "skip", "metrics"}
    plain: Found = {key.replace("-", "_"): value for key, value in found.items() if key not in others}
    for name, margin in margins.items():
        plain |= {f"{name}_{key}": margin[key] for key in ("ratio", "points") if key in margin}
    plain["latency"] = None if "latency" in found.get("skip", []) else _latency(found, **margins)
    plain["shared"] = "shared" not in found.get("skip", [])
    plain["metrics"] = assemble_metrics(found.get("metrics", {}), at / "metrics", folder)
    interval = plain["interval"] = int(plain.get("interval", JudgePolicy().interval))
    if interval not in (1, 5, 10, 30) and (interval == 0 or interval % 60):
        what = f"CloudWatch has no interval of {duration_text(interval)}."
        (at / "interval").complain("SPEC_INTERVAL", what, "Write 1s, 5s, 10s, 30s or whole minutes.")
    judge = JudgePolicy(**plain)
    if judge.promote_ratio == 1 and judge.promote_points == 0:
        what = "With ratio 1 and points 0% a canary that is as good as the baseline is never promoted."
        (at / "promote-margin").complain("SPEC_MARGIN", what, "Leave it some margin, such as ratio: 1.5.")
    return judge


def _latency(judge: Found, rollback: Found, promote: Found) -> LatencyPolicy:
    usual = LatencyPolicy()
    (half, most, nearly), (sooner, mostly) = usual.rollback, usual.promote
    return LatencyPolicy(
        rollback=(rollback.get("p50", half), rollback.get("p90", most), rollback.get("p99", nearly)),
        promote=(promote.get("p50", sooner), promote.get("p90", mostly)),
        warm_up=judge.get("warm-up", usual.warm_up),
    )


def _check_bucket(name: str, regions: Set[str], at: At) -> None:
    """Buckets are regional and their names have rules: each target's must be one that can exist."""
    if len(regions) > 1 and "{region}" not in name:
        what = "Lambda takes code only from a bucket in its own region, and the targets are in several."
        at.complain("SPEC_BUCKET", what, "Put {region} into the name.")
    for region in sorted(regions, key=lambda region: (-len(region), region))[:1]:
        bucket = name.replace("{region}", region).replace("{account}", "1" * 12)
        if not _BUCKET.fullmatch(bucket):
            what = f"'{bucket}' is not a bucket's name (3 to 63 lower-case letters, digits, hyphens and dots)."
            at.complain("SPEC_BUCKET", what)
