"""The real world: every port of a release, with its adapter."""

from __future__ import annotations

import os
from collections.abc import Sequence

from shoreward.adapters.aws import connect
from shoreward.adapters.build import ArtifactFiles, LocalBuilder
from shoreward.adapters.hooks import Chosen, HttpHooks
from shoreward.adapters.series import Prometheus, RecordedSamples, Sources
from shoreward.adapters.sign import Ed25519Signer
from shoreward.app.drift import Past
from shoreward.app.synthetics import Synthetics
from shoreward.app.world import World
from shoreward.bootstrap.here import SystemClock
from shoreward.bootstrap.project import Project
from shoreward.domain import TrustedKey
from shoreward.gate import GraphAdvisor, GraphChecker


def world(project: Project) -> World:
    """See `Project.world`."""
    clock, artifacts = SystemClock(), ArtifactFiles(project.artifacts)
    aws = connect(project.journal, artifacts)
    synthetics = Synthetics(aws.metrics, aws.probes, clock)

    def trusted(commit: str) -> Sequence[TrustedKey]:
        """The keys of others that a commit trusts, by git itself."""
        checks = project.pipeline_at(commit).checks
        return checks.trusted_keys if checks else ()

    return World(
        clock=clock,
        builder=LocalBuilder(project.repository, project.journal, artifacts),
        stacks=aws.stacks,
        traffic=aws.traffic,
        prober=aws.probes,
        metrics=synthetics,
        alarms=aws.alarms,
        quarantine=project.quarantine(),
        investigator=project.blaming(),
        checker=GraphChecker(project),
        advisor=GraphAdvisor(project),
        signer=Ed25519Signer(project.state / "signing-key", trusted),
        blobs=project.journal,
        artifacts=artifacts,
        synthetics=synthetics,
        series=Sources(cloudwatch=aws.metrics, prometheus=Prometheus(), files=RecordedSamples(project.repository.root)),
        survey=aws.survey,
        drift=aws.drift,
        values=aws.values,
        past=Past(project.journal),
        hooks=Chosen(functions=aws.hooks, addresses=HttpHooks(os.environ)),
    )
