"""The way back of a stack: from wherever it is to what it was before a release, with customers first.

Beside `manager`, whose `restore` this is. Aliases go back before the stack does, and again after it, should
CloudFormation have moved them; what somebody else made of the target meanwhile is told.
"""

from __future__ import annotations

import json
from functools import partial

from shoreward.adapters.aws.artifacts import Artifacts
from shoreward.adapters.aws.calls import Aws
from shoreward.adapters.aws.naming import change_set_name, fill
from shoreward.adapters.aws.serving import put_back
from shoreward.adapters.aws.stacks import snapshot as snapshots
from shoreward.adapters.aws.stacks.absent import require_functions, revive
from shoreward.adapters.aws.stacks.changeset import ChangeSets, Plan
from shoreward.adapters.aws.stacks.comparing import template_differences
from shoreward.adapters.aws.stacks.leftovers import make_room, remove_stranded_versions
from shoreward.adapters.aws.stacks.plans import filled_for
from shoreward.adapters.aws.stacks.removal import remove_wholly
from shoreward.adapters.aws.stacks.snapshot import original
from shoreward.adapters.aws.stacks.stack import Stack, resources
from shoreward.adapters.aws.stacks.stateful import refuse_endangered
from shoreward.adapters.aws.stacks.templates import artifacts_of, inline_functions
from shoreward.adapters.aws.stacks.waiting import PATIENCE, mended, settled
from shoreward.adapters.aws.stacks.wreckage import (
    artifacts_gone,
    bring_back_code,
    gone,
    hand_made,
    made_by,
    somebody_elses,
    strays,
)
from shoreward.app.ports import Blobs
from shoreward.domain import Difference, OperationError, Pipeline, Revision, Snapshot, Staged, Target, Terminal
from shoreward.spec.template.plain import mapping


class WayBack:
    """Brings stacks back to their snapshots.

    Args:
        blobs: where templates are kept.
        limit: seconds to watch one stack operation before handing back with `Retryable`.
    """

    def __init__(self, aws: Aws, blobs: Blobs, artifacts: Artifacts, change_sets: ChangeSets, *, limit: float) -> None:
        self._aws = aws
        self._blobs = blobs
        self._artifacts = artifacts
        self._change_sets = change_sets
        self._limit = limit

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
        """See `Stacks.restore`."""
        if not snapshot.exists:
            return self._remove_ours(pipeline, target, staged)
        moved = self._put_back_first(target, snapshot, staged)
        helping = partial(bring_back_code, self._artifacts, pipeline, target, revision)
        stack = mended(self._aws, target, limit=min(self._limit, PATIENCE), helping=helping)
        if stack is None or stack.condition == "stillborn":
            return (*moved, gone(stack))
        there = original(self._aws, target)
        back = there == self._blobs.get(snapshot.template or "")  # never staged, or an attempt before this one did it
        if staged is None and back:
            self._change_sets.sweep(target)
            return ()  # nothing of the release has come here
        if not back:
            require_functions(self._aws, target, snapshot.functions)
        self._put_back_again(target, snapshot)  # a rollback that was waited for may have moved them
        foreign = () if back else self._foreign(pipeline, target, revision, there)
        rewritten = () if back else hand_made(self._aws, target, snapshot, staged)
        try:
            self._apply_snapshot(pipeline, target, snapshot, stack, key, ours=self._ours(revision) if foreign else None)
        except BaseException:
            self._put_back_again(target, snapshot)
            raise
        self._put_back(target, snapshot)
        return (*moved, *foreign, *rewritten)

    def _remove_ours(self, pipeline: Pipeline, target: Target, staged: Staged | None) -> tuple[Difference, ...]:
        stack = settled(self._aws, target, limit=self._limit)
        if stack is not None and not made_by(self._aws, target, stack, pipeline.application):
            return (somebody_elses(stack),)
        known = [function.name for function in staged.functions] if staged is not None else []
        remove_wholly(self._aws, target, known, limit=self._limit)
        return ()

    def _put_back_first(self, target: Target, snapshot: Snapshot, staged: Staged | None) -> tuple[Difference, ...]:
        """Aliases back, those included that somebody deleted. Returns what somebody else had made of them.

        A version that is gone is no reason to stop: the template, when it is applied, publishes its code again.
        """
        if staged is None:
            return ()
        revived = revive(self._aws, target, snapshot.functions)
        seen = strays(self._aws, target, snapshot, staged)
        self._put_back_again(target, snapshot)
        return (*revived, *seen)

    def _put_back_again(self, target: Target, snapshot: Snapshot) -> None:
        try:
            self._put_back(target, snapshot)
        except Terminal as error:
            if error.code != "VERSION_GONE":
                raise

    def _foreign(
        self, pipeline: Pipeline, target: Target, revision: Revision | None, there: bytes
    ) -> tuple[Difference, ...]:
        """How the stack's template differs from the release's."""
        if revision is None:
            return ()
        aliases = frozenset(function.alias_id for function in revision.functions)
        wanted = filled_for(self._blobs, pipeline, target, revision)
        return tuple(template_differences(wanted.body, there, moving=aliases))

    def _ours(self, revision: Revision | None) -> frozenset[str]:
        """Logical ids of what the release brought."""
        if revision is None:
            return frozenset()
        return frozenset(mapping(json.loads(self._blobs.get(revision.template)).get("Resources")))

    def _apply_snapshot(
        self,
        pipeline: Pipeline,
        target: Target,
        snapshot: Snapshot,
        stack: Stack,
        key: str,
        *,
        ours: frozenset[str] | None = None,
    ) -> None:
        """Apply the template of the snapshot.

        Args:
            ours: resources that the release brought, when somebody else applied a template meanwhile: what else is
                there and holds data is theirs.
        """
        assert snapshot.template is not None
        bucket, content = fill(pipeline.artifacts, target), self._blobs.get(snapshot.template)
        missing = self._artifacts.bring_back(target, bucket, artifacts_of(content, bucket))
        codes = {function.name: function.code for function in snapshot.functions}
        remove_stranded_versions(self._aws, target, codes)
        held = resources(self._aws, target).values()
        self._aws.together(lambda one: make_room(self._aws, target, *one, held), codes.items())
        plan = Plan(
            name=change_set_name(key),
            content=content,
            bucket=bucket,
            parameters=snapshots.earlier_values(snapshot, stack, target),
            execution_role=target.execution_role,
        )
        found = self._change_sets.create(target, plan, "UPDATE")
        if found is not None:
            if ours is not None:
                theirs = [change for change in found.changes if change.logical_id not in ours]
                refuse_endangered(theirs, pipeline.allow_replacement, target)
            try:
                self._change_sets.execute(target, found)
            except Terminal as error:
                if missing:
                    raise artifacts_gone(target, bucket, missing, error) from error
                raise
        self._change_sets.sweep(target)

    def _put_back(self, target: Target, snapshot: Snapshot) -> None:
        inline = self._inline(snapshot)
        self._aws.together(
            lambda one: put_back(self._aws, target, one, inline=one.logical_id in inline), snapshot.functions
        )

    def _inline(self, snapshot: Snapshot) -> frozenset[str]:
        assert snapshot.template is not None
        try:
            return inline_functions(self._blobs.get(snapshot.template))
        except OperationError:
            return frozenset()  # aliases go back without it, too; applying the template will tell what is wrong
