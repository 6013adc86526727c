"""One port, two kinds of pipelines: the stack of an application, or the values of a configuration."""

from __future__ import annotations

from collections.abc import Sequence

from shoreward.adapters.aws.stacks.drift import Drift
from shoreward.adapters.aws.values.configurations import Configurations
from shoreward.app.ports import StackManager
from shoreward.domain import Detected, Difference, Left, Pipeline, Revision, Snapshot, Staged, StagedFunction, Target


class ByKind:
    """The manager of a pipeline's kind (`app.ports.StackManager`), and who knows of drift (`app.drift.DriftSource`)."""

    def __init__(self, stacks: StackManager, configurations: Configurations, drift: Drift) -> None:
        self._stacks = stacks
        self._configurations = configurations
        self._drift = drift

    def _of(self, pipeline: Pipeline) -> StackManager:
        return self._stacks if pipeline.configuration is None else self._configurations

    def inspect(self, pipeline: Pipeline, target: Target, revision: Revision) -> Snapshot:
        """See `StackManager.inspect`."""
        return self._of(pipeline).inspect(pipeline, target, revision)

    def preview(self, pipeline: Pipeline, target: Target, revision: Revision, snapshot: Snapshot) -> Staged:
        """See `StackManager.preview`."""
        return self._of(pipeline).preview(pipeline, target, revision, snapshot)

    def stage(self, pipeline: Pipeline, target: Target, revision: Revision, snapshot: Snapshot, key: str) -> Staged:
        """See `StackManager.stage`."""
        return self._of(pipeline).stage(pipeline, target, revision, snapshot, key)

    def finish(self, pipeline: Pipeline, target: Target, revision: Revision, staged: Staged, key: str) -> None:
        """See `StackManager.finish`."""
        self._of(pipeline).finish(pipeline, target, revision, staged, key)

    def restore(
        self,
        pipeline: Pipeline,
        target: Target,
        snapshot: Snapshot,
        staged: Staged | None,
        key: str,
        *,
        revision: Revision | None = None,
    ) -> tuple[Difference, ...]:
        """See `StackManager.restore`."""
        return self._of(pipeline).restore(pipeline, target, snapshot, staged, key, revision=revision)

    def differences(self, target: Target, left: Left) -> tuple[Difference, ...]:
        """See `DriftSource.differences`."""
        if left.pipeline.configuration is None:
            return self._drift.differences(target, left)
        return self._configurations.differences(target, left)

    def strays(
        self, target: Target, functions: Sequence[StagedFunction], percents: Sequence[float]
    ) -> tuple[Difference, ...]:
        """See `DriftSource.strays`."""
        return self._drift.strays(target, functions, percents)

    def begin(self, target: Target, *, every: float = 0.0) -> None:
        """See `DriftSource.begin`."""
        self._drift.begin(target, every=every)

    def detected(self, target: Target, patience: float) -> Detected | None:
        """See `DriftSource.detected`."""
        return self._drift.detected(target, patience)
