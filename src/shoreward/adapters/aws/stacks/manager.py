"""StackManager on CloudFormation: stage, finish, and the way back.

    inspect ─► stage ─► (traffic shifts) ─► finish
                  └────────────┴──────────────┴─► restore

Stage applies the revision's template with every alias pinned to the version that serves, so new versions are
published and nobody is sent to them. Finish applies the same template unpinned once traffic has moved. Restore applies
the snapshot's template. Each looks before it acts, and each refuses to move an alias that is not where the release
left it: an attempt that comes too late (of a controller that lost its place, say) harms nobody.
"""

from __future__ import annotations

import uuid
from functools import partial

from shoreward.adapters.aws import publishing
from shoreward.adapters.aws.artifacts import Artifacts
from shoreward.adapters.aws.calls import Aws
from shoreward.adapters.aws.serving import await_at, require_at, require_code
from shoreward.adapters.aws.stacks import snapshot as snapshots
from shoreward.adapters.aws.stacks.absent import revive_unserved
from shoreward.adapters.aws.stacks.changeset import ChangeSets, Plan
from shoreward.adapters.aws.stacks.leftovers import remove_stranded_versions
from shoreward.adapters.aws.stacks.plans import filled_for, plan_for, staging_for
from shoreward.adapters.aws.stacks.removal import remove
from shoreward.adapters.aws.stacks.stack import Stack, resources
from shoreward.adapters.aws.stacks.standing import stands
from shoreward.adapters.aws.stacks.stateful import refuse_endangered
from shoreward.adapters.aws.stacks.waiting import LIMIT, PATIENCE, command, mended, settled
from shoreward.adapters.aws.stacks.way_back import WayBack
from shoreward.adapters.aws.stacks.wreckage import bring_back_code, made_by
from shoreward.app.ports import Blobs
from shoreward.domain import (
    Change,
    Difference,
    OperationError,
    Pipeline,
    Revision,
    Snapshot,
    Staged,
    StagedFunction,
    Target,
    Terminal,
)


class Stacks:
    """The stacks of targets (`app.ports.StackManager`).

    Args:
        blobs: where templates are kept.
        limit: seconds to watch one stack operation before handing back with `Retryable`.
    """

    def __init__(
        self,
        aws: Aws,
        blobs: Blobs,
        artifacts: Artifacts,
        *,
        limit: float = LIMIT,
    ) -> None:
        self._aws = aws
        self._blobs = blobs
        self._artifacts = artifacts
        self._change_sets = ChangeSets(aws, artifacts, limit=limit)
        self._way_back = WayBack(aws, blobs, artifacts, self._change_sets, limit=limit)
        self._limit = limit

    def inspect(self, pipeline: Pipeline, target: Target, revision: Revision) -> Snapshot:
        """Look at a target before touching it; changes nothing.

        Raises `Retryable` (ALIAS_BUSY) when an alias splits its traffic already.
        """
        return snapshots.take(self._aws, self._blobs, target, revision, limit=min(self._limit, PATIENCE))

    def preview(self, pipeline: Pipeline, target: Target, revision: Revision, snapshot: Snapshot) -> Staged:
        """What `stage` would change: a change set that is created, read and deleted. Unknown candidates are ''."""
        plan = staging_for(self._blobs, pipeline, target, revision, snapshot, f"preview {uuid.uuid4()}")
        shell = not snapshot.exists and settled(self._aws, target, limit=self._limit) is None
        try:
            found = self._change_sets.create(target, plan, "UPDATE" if snapshot.exists else "CREATE")
        finally:
            self._change_sets.delete(target, plan.name)
            if shell:
                self._remove_stillborn(target)
        changes = found.changes if found is not None else ()
        return Staged(functions=publishing.foreseen(revision, snapshot, changes), changes=changes)

    def stage(self, pipeline: Pipeline, target: Target, revision: Revision, snapshot: Snapshot, key: str) -> Staged:
        """Publish the revision's versions while every alias stays at the version in the snapshot.

        Raises `Terminal`: STATEFUL_REPLACEMENT, ALIAS_MOVED when an alias is not at the snapshot's version any more,
        STACK_GONE or STACK_APPEARED when the stack is not as the snapshot says, STACK_FAILED when it rolled back,
        ARTIFACT_OVERWRITTEN and CODE_DIFFERS when somebody else's code would be, or was, published.
        """
        stack = mended(self._aws, target, limit=self._limit)
        if stack is not None and stack.condition == "stillborn" and not snapshot.exists:
            if stack.status != "ROLLBACK_COMPLETE" and not made_by(self._aws, target, stack, pipeline.application):
                raise _begun(target, stack)
            remove(self._aws, target, stack, limit=self._limit)
            stack = None
        if snapshot.exists and (stack is None or stack.condition == "stillborn"):
            raise _gone(target)
        plan = staging_for(self._blobs, pipeline, target, revision, snapshot, key)
        self._artifacts.upload(target, plan.bucket, revision.artifacts)
        remove_stranded_versions(self._aws, target, publishing.codes(revision, snapshot))
        if (served := self._served(pipeline, target, revision, snapshot, stack)) is not None:
            return Staged(functions=served, changes=())
        if stack is not None:
            revive_unserved(self._aws, target, revision.functions, snapshot.functions)
        changes = self._apply_staging(pipeline, target, snapshot, plan, stack)
        functions = publishing.staged(revision, snapshot, resources(self._aws, target))
        self._require_codes(target, revision, functions)
        return Staged(functions=functions, changes=changes)

    def finish(self, pipeline: Pipeline, target: Target, revision: Revision, staged: Staged, key: str) -> None:
        """Apply the stack's own template (aliases unpinned), so that stack and reality agree.

        Raises `Terminal` (ALIAS_MOVED) unless all traffic of every function is at its candidate.
        """
        helping = partial(bring_back_code, self._artifacts, pipeline, target, revision)
        stack = mended(self._aws, target, limit=self._limit, helping=helping)
        if stack is None:
            raise _gone(target)
        self._aws.together(lambda one: await_at(self._aws, target, one, one.candidate), staged.functions)
        plan = plan_for(pipeline, target, filled_for(self._blobs, pipeline, target, revision), key)
        if stands(self._aws, target, stack, plan):
            return
        found = self._change_sets.create(target, plan, "UPDATE")
        if found is None:
            return
        try:
            refuse_endangered(found.changes, pipeline.allow_replacement, target)
        except Terminal:
            self._change_sets.delete(target, plan.name)
            raise
        self._change_sets.execute(target, found)

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
        """Bring the stack back to its snapshot, from wherever it is; a stack that the release made is deleted.

        Customers come first: aliases go back before the stack does, and again after it, should CloudFormation have
        moved them. What somebody else made of the target meanwhile is told (`wreckage`), and data of theirs is not
        deleted: `Terminal` (STATEFUL_REPLACEMENT).
        """
        return self._way_back.restore(pipeline, target, snapshot, staged, key, revision=revision)

    def _apply_staging(
        self, pipeline: Pipeline, target: Target, snapshot: Snapshot, plan: Plan, stack: Stack | None
    ) -> tuple[Change, ...]:
        try:
            found = self._change_sets.create(target, plan, "CREATE" if stack is None else "UPDATE")
            if found is None:
                return ()
            if stack is not None and not snapshot.exists:
                raise Terminal(
                    "STACK_APPEARED",
                    "Somebody created the stack after this release had looked at it.",
                    where=target.key,
                    next="Start a new release, which will take the stack as it is now.",
                )
            refuse_endangered(found.changes, pipeline.allow_replacement, target)
            self._aws.together(lambda one: require_at(self._aws, target, one, one.version), snapshot.functions)
        except OperationError:
            self._change_sets.delete(target, plan.name)
            if stack is None:
                self._remove_stillborn(target)
            raise
        self._change_sets.execute(target, found)
        return found.changes

    def _served(
        self, pipeline: Pipeline, target: Target, revision: Revision, snapshot: Snapshot, stack: Stack | None
    ) -> tuple[StagedFunction, ...] | None:
        """The functions, when the stack carries this very revision and all traffic is at it; None when not."""
        plan = plan_for(pipeline, target, filled_for(self._blobs, pipeline, target, revision), "")
        if not snapshot.exists or not stands(self._aws, target, stack, plan):
            return None
        functions = publishing.staged(revision, snapshot, resources(self._aws, target))
        if any(function.baseline != function.candidate for function in functions):
            return None
        self._aws.together(lambda one: require_at(self._aws, target, one, one.candidate), functions)
        return functions

    def _require_codes(self, target: Target, revision: Revision, functions: tuple[StagedFunction, ...]) -> None:
        """What was published is what was checked: the bucket may have been written to after anybody looked."""
        wanted = publishing.checked_codes(revision)
        new = [one for one in functions if one.candidate != one.baseline and one.logical_id in wanted]
        self._aws.together(lambda one: require_code(self._aws, target, one, wanted[one.logical_id]), new)

    def _remove_stillborn(self, target: Target) -> None:
        stack = settled(self._aws, target, limit=self._limit)
        if stack is not None and stack.condition == "stillborn":
            remove(self._aws, target, stack, limit=self._limit)


def _gone(target: Target) -> Terminal:
    return Terminal(
        "STACK_GONE",
        "The stack that this release works on is not there any more.",
        where=target.key,
        next="Somebody deleted it; start a new release to create it again.",
    )


def _begun(target: Target, stack: Stack) -> Terminal:
    return Terminal(
        "STACK_TAKEN",
        f"Somebody else began a stack of that name, and it is in {stack.status}: what it holds is not Shoreward's.",
        where=target.key,
        next=f"Let them finish it, or delete it: `{command('delete-stack', target)}`. Then release again.",
    )
