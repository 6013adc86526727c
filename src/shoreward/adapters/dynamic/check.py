"""The check `attacks`: what `checks: dynamic` declares is done to the APIs of the sandbox.

A suite of kind `dynamic` is another check: there a command does what it likes. This one needs no command, and no
description of the API beside the template.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from shoreward.app.checking import Check, Materials, Outside, Report, Running
from shoreward.app.resilience.ports import Laboratory
from shoreward.app.sandboxes.plan import Build
from shoreward.app.words.wording import counted
from shoreward.domain import Dynamic, Finding, Pipeline, Place, Severity, Terminal, digest_of

if TYPE_CHECKING:
    from shoreward.adapters.dynamic.campaign import Campaign
    from shoreward.adapters.dynamic.routes import Route
    from shoreward.app.ports import Blobs

NAME = "attacks"

_FORM = 1
"""Grows when other requests would be sent, or answers be judged otherwise."""


def attacks_check(
    pipeline: Pipeline,
    plan: Dynamic,
    build: Build,
    blobs: Blobs,
    laboratory: Laboratory,
    environment: Mapping[str, str] = os.environ,
) -> Check:
    """The check `attacks` of a pipeline that plans a sandbox.

    Args:
        environment: this process's variables, in which credentials are.
    """
    variables = tuple(sorted({variable for _, variable in plan.headers}))

    def key(materials: Materials) -> str:
        limits = [plan.requests, plan.limit, plan.seed, list(plan.methods), [list(one) for one in plan.headers]]
        samples = [[one.function, one.payload] for one in materials.pipeline.probes]
        template = materials.source.tree(materials.commit, materials.pipeline.template)
        return digest_of(NAME, _FORM, limits, samples, template, str(plan.where))

    def run(materials: Materials, running: Running) -> Report:
        credentials = _credentials(plan, environment)
        with laboratory.met(materials, running) as product:
            return _attacked(materials, running, plan, build, blobs, laboratory, json.loads(product), credentials)

    return Check(
        name=NAME,
        about="Whether the routes of the APIs withstand what anybody could send them, in the sandbox.",
        key=key,
        run=run,
        needs=("build", "sandbox"),
        lane="sandbox",
        where=plan.where,
        depends=Outside(environment=variables),
        reads="the revision, and dynamic and probes in shoreward.yaml",
        waits=True,
    )


def _attacked(
    materials: Materials,
    running: Running,
    plan: Dynamic,
    build: Build,
    blobs: Blobs,
    laboratory: Laboratory,
    product: Mapping[str, Any],
    credentials: tuple[tuple[str, str], ...],
) -> Report:
    from shoreward.adapters.dynamic.addresses import addresses
    from shoreward.adapters.dynamic.attacks import attacks, marks_of
    from shoreward.adapters.dynamic.campaign import Limits, campaign
    from shoreward.adapters.dynamic.findings import findings_of
    from shoreward.adapters.dynamic.places import placing
    from shoreward.adapters.dynamic.routes import routes
    from shoreward.adapters.dynamic.samples import sample
    from shoreward.adapters.dynamic.sending import Sender
    from shoreward.spec.template.resolving import resolve

    target = laboratory.connect(materials, running).lease.target
    template: dict[str, Any] = json.loads(blobs.get(build(materials.pipeline, materials.commit).template))
    found, unseen = routes(resolve(template, target))
    members = laboratory.cloud().members(target)
    elsewhere = any(name.startswith("AWS_ENDPOINT_URL") for name in product["environment"])
    answering = addresses(found, template, product["outputs"], members, target, elsewhere=elsewhere)
    probes = materials.pipeline.probes
    there = [route for route in found if route.api in answering]
    planned = [
        list(attacks(route, sample(route, probes), marks_of(plan.seed, route), plan.methods, credentials))
        for route in there
    ]
    running.say(f"attacking {counted(len(there), 'route')}")
    came = campaign(
        planned,
        {api: Sender(address) for api, address in answering.items()},
        Limits(requests=plan.requests, seconds=plan.limit),
        dict(plan.headers),
        running.stop,
        plan.where,
    )
    place = placing(materials.source.read(materials.commit, materials.pipeline.template), materials.pipeline.template)
    findings = (*findings_of(came.seen, {route: place(route) for route in there}), *_unseen(unseen, plan.where))
    return _report(findings, came, [route for route, mine in zip(there, planned, strict=True) if mine], credentials)


def _credentials(plan: Dynamic, environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    missing = sorted({variable for _, variable in plan.headers if not environment.get(variable)})
    if missing:
        raise Terminal(
            "DYNAMIC_CREDENTIALS",
            f"{missing[0]} is not set, which holds credentials for the APIs.",
            where=plan.where,
            next="Set it to credentials of the sandbox, or take it out of `headers`.",
        )
    return tuple((name, environment[variable]) for name, variable in plan.headers)


def _unseen(apis: Sequence[str], where: Place | None) -> list[Finding]:
    return [
        Finding(
            rule="attack-unseen",
            severity=Severity.NOTE,
            what=f"The template does not show the routes of {api}, so nobody tried them.",
            fix="Describe them in the template, by events of functions or a DefinitionBody.",
            where=where,
            subject=api,
        )
        for api in apis
    ]


def _report(
    findings: Sequence[Finding], came: Campaign, tried: Sequence[Route], credentials: Sequence[object]
) -> Report:
    shut = 0 if credentials else sum(bool(route.guard) for route in tried)
    told = f"{counted(len(tried), 'route')}, {counted(came.sent, 'request')}"
    told += f"; {counted(came.left, 'request')} beyond the limit not sent" if came.left else ""
    told += f"; {counted(shut, 'route')} asked without credentials only" if shut else ""
    return Report(
        findings=tuple(findings),
        summary=told,
        measures=(("routes", float(len(tried))), ("requests", float(came.sent))),
        # What functions answer may depend on what others left in the sandbox.
        lasting=not any(one.severity is not Severity.NOTE for one in findings),
    )
