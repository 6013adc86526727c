"""`configuration` and `judged-by` of shoreward.yaml: a pipeline that carries values and no template.

A part of `spec._format` (the shapes), of `spec._assemble` (what no single key can know) and of `spec.dump` (the way
back).
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

from shoreward.domain import (
    VULNERABILITIES,
    Checks,
    Configuration,
    Growth,
    Judged,
    JudgePolicy,
    ParameterSource,
    Pipeline,
    ProfileSource,
)
from shoreward.spec._kinds import Choice, Duration, Flag, Pattern, Percent, Text, duration_text, percent_text
from shoreward.spec._shapes import At, Field, ListOf, Record, TextOr

Found = dict[str, Any]

_PART = r"([A-Za-z0-9_.-]|\{account\}|\{region\})+"
_RULE = "letters, digits, _, . and - in parts between slashes; {account} and {region} are filled in"
_PARAMETER = Text(rf"/?{_PART}(/{_PART}){{0,14}}", f"a parameter's name ({_RULE})")
_SECRET = Text(
    rf"/?{_PART}(/{_PART}){{0,14}}:[0-9]{{1,9}}",
    f"a parameter's name and version, such as /vault/key:3 ({_RULE})",
)
_PROFILE = Text(r"[^/\n]{1,128}/[^/\n]{1,64}/[^/\n]{1,128}", "a profile of AppConfig: application/environment/profile")
_FILE = Text(
    r"(?![/~])([^\\\n{}]|\{account\}|\{region\}){1,400}",
    "a path relative to this file, with slashes; {account} and {region} are filled in",
    "SPEC_PATH",
)
_KEY = Text(r"[A-Za-z0-9:/_-]{1,256}", "a KMS key's id, ARN or alias")
_CONTENT_TYPE = Text(r"[a-z]+/[a-z0-9.+-]{1,100}", "a content type, such as application/json")

GROWTH = Record(
    "'growth'",
    (
        Field("factor", Percent(), "Share of the clients that each step adds.", required=True),
        Field("over", Duration(), "Time until all clients have it, in whole minutes.", required=True),
        Field(
            "exponential",
            Flag(),
            "Whether each step doubles the share before it, instead of adding the same again.",
            default=False,
        ),
    ),
)

SOURCE = Record(
    "a source",
    (
        Field(
            "parameter", _PARAMETER, "Name of one parameter of Systems Manager; {account} and {region} are filled in."
        ),
        Field("parameters", _PARAMETER, "Prefix of the parameters that a JSON or YAML file makes, one for each value."),
        Field("appconfig", _PROFILE, "Hosted configuration of AppConfig: application/environment/profile."),
        Field(
            "file",
            _FILE,
            "Path of the file with the value or values, from this file; {account} and {region} are filled in.",
        ),
        Field("secret", _SECRET, "Parameter of the target, and its version, that a secret's value is copied from."),
        Field(
            "type",
            Choice(("String", "StringList")),
            "Of a parameter: text, or text with commas between several. A secret is a SecureString.",
            default="String",
        ),
        Field("key", _KEY, "KMS key that a secret is encrypted with; the account's own by default."),
        Field("flags", Flag(), "Whether it holds AppConfig's feature flags; free in form by default.", default=False),
        Field(
            "content-type",
            _CONTENT_TYPE,
            "Content type of a hosted configuration.",
            default=ProfileSource(application="", environment="", profile="", file="").content_type,
        ),
        Field("schema", _FILE, "Path of a JSON Schema that the file must satisfy, from this file."),
        Field("growth", GROWTH, "How AppConfig hands it out to more and more clients; to all at once by default."),
    ),
)

JUDGED = Record(
    "an entry of 'judged-by'",
    (
        Field("stack", Pattern(("account", "region"), 255), "A stack whose functions, APIs and queues are looked at."),
        Field("function", Pattern(("account", "region"), 255), "A function, by its name."),
    ),
)

CONFIGURATION = ListOf(SOURCE, empty=("SPEC_CONFIGURATION", "Name a parameter, or a profile of AppConfig."))
JUDGED_BY = ListOf(TextOr(Pattern(("account", "region"), 255), "stack", JUDGED), distinct=True)

_ONE_OF = ("parameter", "parameters", "appconfig")
_FITTING = {
    "parameter": {"file", "secret", "type", "key"},
    "parameters": {"file", "schema"},
    "appconfig": {"file", "flags", "content-type", "schema", "growth"},
}
_FOREIGN = ("template", "stack", "parameters", "artifacts", "probes", "allow-replacement")
_SPLIT = ("steps", "ramp", "harm-budget", "one-box")
_NOT_CHECKED = ("resilience", "dynamic")


def assemble_configuration(found: Found, at: At, folder: str) -> Configuration | None:
    """What is configured; None in a pipeline that has a template."""
    if not at.holds("configuration"):
        if "judged-by" in found:
            what = "'judged-by' says who is harmed by a configuration, and there is none."
            (at / "judged-by").complain("SPEC_CONFIGURATION", what, "Remove it, or add `configuration:`.", key=True)
        return None
    _refuse_foreign(found, at)
    sources = [
        source
        for index, one in enumerate(found.get("configuration", ()))
        if one and (source := _source(one, at / "configuration" / index, folder))
    ]
    profiles = tuple(one for one in sources if isinstance(one, ProfileSource))
    _check_growth(profiles, at / "configuration")
    return Configuration(
        parameters=tuple(one for one in sources if isinstance(one, ParameterSource)),
        profiles=profiles,
        judged_by=tuple(
            _judged(each, at / "judged-by" / index) for index, each in enumerate(found.get("judged-by", ()))
        ),
    )


def check_judged(pipeline: Pipeline, at: At) -> None:
    """Somebody must notice a bad value, and there is no canary to tell apart."""
    configuration = pipeline.configuration
    if configuration is None:
        return
    if not pipeline.alarms and not (configuration.judged_by and pipeline.judge.shared):
        what = "Nobody would notice a bad value: no stack or function is judged, and no alarm is named."
        (at / "configuration").complain("SPEC_UNJUDGED", what, "Add `judged-by:`, or `alarms:`.", key=True)
    for metric in pipeline.judge.metrics:
        if metric.arms or metric.critical:
            what = f"The metric {metric.name} tells a canary from a baseline, and a configuration has neither."
            (at / "judge" / "metrics" / metric.name).complain(
                "SPEC_CONFIGURATION", what, "Leave {version}, {arm} and `critical` out.", key=True
            )
    for index, wave in enumerate(pipeline.waves):
        slow = [one for one in configuration.profiles if one.growth and one.growth.over > wave.bake.minimum]
        for one in slow[:1]:
            what = (
                f"Wave {wave.name} is judged before all clients have {one.profile}: it grows for longer than it bakes."
            )
            (at / "waves" / index).complain(
                "SPEC_CONFIGURATION", what, "Give it a longer minimum, or let it grow faster."
            )


def judged_past(found: Found, configuration: Configuration | None) -> bool:
    """Whether a target's own past stands in: a configuration's does by default, since it has no canary."""
    usual = JudgePolicy().own_past if configuration is None else True
    return bool(found.get("judge", {}).get("own-past", usual))


def checked(checks: Checks, configuration: Configuration | None) -> Checks:
    """The checks of a pipeline; values carry no packages, so nobody looks for advisories about them."""
    if configuration is None or VULNERABILITIES in checks.skip:
        return checks
    return replace(checks, skip=(*checks.skip, VULNERABILITIES))


def check_sandbox(checks: Checks, configuration: Configuration | None, at: At) -> None:
    """What stands in the sandbox of a configuration is the application that reads the values."""
    plan = checks.sandbox
    if plan is None or bool(plan.template) == (configuration is not None):
        return
    if plan.template:
        what = "The sandbox of an application is made of its own template."
        (at / "template").complain("SPEC_CONFIGURATION", what, "Remove it.", key=True)
    elif not at.holds("template"):
        what = "Nobody knows which application reads the values, and the sandbox is made of it."
        at.complain("SPEC_CONFIGURATION", what, "Add `template:` to it.", key=True)


def _refuse_foreign(found: Found, at: At) -> None:
    advice = "Remove it: a configuration has no template, and every target of a wave gets it at once."
    homes: list[tuple[At, Found, tuple[str, ...]]] = [
        (at, found, _FOREIGN),
        (at / "defaults", found.get("defaults", {}), _SPLIT),
    ]
    homes.append((at / "checks", found.get("checks", {}), _NOT_CHECKED))
    waves = found.get("waves", ())
    if isinstance(waves, dict):
        what = "Waves are derived from how traffic can be split, which a configuration's cannot be."
        (at / "waves").complain("SPEC_CONFIGURATION", what, "Write the waves down.", key=True)
    else:
        homes += [(at / "waves" / index, wave, _SPLIT) for index, wave in enumerate(waves) if wave]
        homes += [
            (at / "waves" / number / "targets" / index, target, ("stack", "parameters"))
            for number, wave in enumerate(waves)
            if wave
            for index, target in enumerate(wave.get("targets", ()))
            if target
        ]
    accounts = cast("dict[str, Found | None]", found.get("accounts", {}))
    stacks = ("parameters",) if "sandbox" in found.get("checks", {}) else ("parameters", "execution-role")
    homes += [(at / "accounts" / name, one, stacks) for name, one in accounts.items() if one]
    for home, held, keys in homes:
        for key in keys:
            if key in held:
                what = f"'{key}' says nothing about a configuration."
                (home / key).complain("SPEC_CONFIGURATION", what, advice, key=True)


def _source(found: Found, at: At, folder: str) -> ParameterSource | ProfileSource | None:
    kinds = [key for key in _ONE_OF if key in found]
    if len(kinds) != 1:
        if not any(at.holds(key) for key in _ONE_OF) or kinds:
            what = f"{at.name} must have one of: {', '.join(_ONE_OF)}."
            at.complain("SPEC_CONFIGURATION", what, "Say where the value goes.")
        return None
    [kind] = kinds
    for key in found:
        if key != kind and key not in _FITTING[kind]:
            (at / key).complain("SPEC_CONFIGURATION", f"'{key}' says nothing about {kind}.", "Remove it.", key=True)
    secret = "secret" in found and kind == "parameter"
    if ("file" in found) == secret and not (at.holds("file") and "file" not in found):
        what = f"{at.name} must have a file{', or a secret, and not both' if kind == 'parameter' else ''}."
        at.complain("SPEC_CONFIGURATION", what, "A secret is named by where it is kept; git never holds it.")
        return None
    file, schema = (_path(found.get(key, ""), at / key, folder) for key in ("file", "schema"))
    if kind == "appconfig":
        return _profile(found, at, file, schema)
    return ParameterSource(
        name=found[kind],
        file=file,
        tree=kind == "parameters",
        type="SecureString" if secret else found.get("type", "String"),
        secret=found.get("secret", ""),
        key=found.get("key", ""),
        schema=schema,
        where=at.place,
    )


def _profile(found: Found, at: At, file: str, schema: str) -> ProfileSource:
    application, environment, profile = found["appconfig"].split("/")
    growth = found.get("growth")
    known = {key: found[key] for key in ("flags",) if key in found}
    if found.get("flags") and found.get("content-type", "application/json") != "application/json":
        what = "Feature flags are JSON, and nothing else."
        (at / "content-type").complain("SPEC_CONFIGURATION", what, "Remove it.")
    return ProfileSource(
        application=application,
        environment=environment,
        profile=profile,
        file=file,
        schema=schema,
        growth=_growth(growth, at / "growth") if growth else None,
        where=at.place,
        **known,
        **({"content_type": found["content-type"]} if "content-type" in found else {}),
    )


def _growth(found: Found, at: At) -> Growth | None:
    if "factor" not in found or "over" not in found:
        return None
    if not 60 <= found["over"] <= 86_400 or found["over"] % 60:
        what = f"AppConfig grows for whole minutes, up to a day, and not for {duration_text(found['over'])}."
        (at / "over").complain("SPEC_CONFIGURATION", what)
    return Growth(**found)


def _check_growth(profiles: tuple[ProfileSource, ...], at: At) -> None:
    """An environment has one deployment at a time, so one that grows must have it for itself."""
    crowded = Counter((one.application, one.environment) for one in profiles)
    for one in profiles:
        if one.growth and crowded[one.application, one.environment] > 1:
            what = (
                f"{one.application}/{one.environment} deploys one profile at a time, and {one.profile} takes its time."
            )
            at.complain("SPEC_CONFIGURATION", what, "Give it a pipeline or an environment of its own.", key=True)


def _path(path: str, at: At, folder: str) -> str:
    if not path:
        return ""
    normal = posixpath.normpath(posixpath.join(folder, path))
    if normal == ".." or normal.startswith("../"):
        at.complain("SPEC_PATH", f"'{path}' leads out of the repository.", "Keep the file in the repository.")
    return normal


def _judged(found: Found | None, at: At) -> Judged:
    if found is None or len(found) != 1:
        if found is not None:
            at.complain("SPEC_CONFIGURATION", f"{at.name} must name a stack or a function.", "Name one of them.")
        return Judged()
    return Judged(**found)


def written(pipeline: Pipeline) -> Found:
    """What a file says of a configuration."""
    configuration = pipeline.configuration
    if configuration is None:
        return {}
    sources = [*map(_written_parameter, configuration.parameters), *map(_written_profile, configuration.profiles)]
    judged = [{"stack": one.stack} if one.stack else {"function": one.function} for one in configuration.judged_by]
    return {"configuration": sources, **({"judged-by": judged} if judged else {})}


def _written_parameter(one: ParameterSource) -> Found:
    kind = "parameters" if one.tree else "parameter"
    typed = {"type": one.type} if not (one.tree or one.secret) else {}
    return {kind: one.name, **dict(_given(file=one.file, secret=one.secret, key=one.key, schema=one.schema)), **typed}


def _written_profile(one: ProfileSource) -> Found:
    growth = one.growth and {
        "factor": percent_text(one.growth.factor),
        "over": duration_text(one.growth.over),
        "exponential": one.growth.exponential,
    }
    return {
        "appconfig": f"{one.application}/{one.environment}/{one.profile}",
        "file": one.file,
        "flags": one.flags,
        "content-type": one.content_type,
        **dict(_given(schema=one.schema)),
        **({"growth": growth} if growth else {}),
    }


def _given(**texts: str) -> Iterator[tuple[str, str]]:
    return ((key, text) for key, text in texts.items() if text)
