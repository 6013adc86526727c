"""StackManager on CloudFormation: stage, finish, and the way back.

    inspect ─► stage ─► (traffic shifts) ─► finish
                  └────────────┴──────────────┴─► restore

Stage applies the revision's template with every alias pinned to the version that serves, so new versions are
published and nobody is sent to them. Finish applies the same template unpinned once traffic has moved. Restore applies
the snapshot's template. Each looks before it acts, and each refuses to move an alias that is not where the release
left it: an attempt that comes too late (of a controller that lost its place, say) harms nobody.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from functools import partial

from shoreward.adapters.aws import publishing
from shoreward.adapters.aws import snapshot as snapshots
from shoreward.adapters.aws.artifacts import Artifacts
from shoreward.adapters.aws.calls import Aws
from shoreward.adapters.aws.changeset import ChangeSets, Plan
from shoreward.adapters.aws.comparing import template_differences
from shoreward.adapters.aws.leftovers import make_room, remove_stranded_version
from shoreward.adapters.aws.naming import change_set_name, fill
from shoreward.adapters.aws.removal import remove, remove_wholly
from shoreward.adapters.aws.serving import await_at, put_back, require_at, require_code
from shoreward.adapters.aws.snapshot import original
from shoreward.adapters.aws.stack import Stack, resources
from shoreward.adapters.aws.standing import stands
from shoreward.adapters.aws.stateful import refuse_endangered
from shoreward.adapters.aws.templates import Filled, artifacts_of, filled, has_nested, inline_functions, pinned, values
from shoreward.adapters.aws.waiting import LIMIT, PATIENCE, command, mended, settled
from shoreward.adapters.aws.wreckage import (
    APPLICATION,
    artifacts_gone,
    gone,
    hand_made,
    made_by,
    revive,
    somebody_elses,
    strays,
)
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
from shoreward.spec.template.plain import mapping


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
        self._limit = limit

    def inspect(self, pipeline: Pipeline, target: Target, revision: Revision) -> Snapshot:
        """Look at a target before touching it; changes nothing.

        Raises `Retryable` (ALIAS_BUSY) when an alias splits its traffic already.
        """
        return snapshots.take(self._aws, self._blobs, target, revision, limit=min(self._limit, PATIENCE))

    def preview(self, pipeline: Pipeline, target: Target, revision: Revision, snapshot: Snapshot) -> Staged:
        """What `stage` would change: a change set that is created, read and deleted. Unknown candidates are ''."""
        plan = self._staging(pipeline, target, revision, snapshot, f"preview {uuid.uuid4()}")
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
        plan = self._staging(pipeline, target, revision, snapshot, key)
        self._artifacts.upload(target, plan.bucket, revision.artifacts)
        self._remove_stranded(target, publishing.codes(revision, snapshot))
        if (served := self._served(pipeline, target, revision, snapshot, stack)) is not None:
            return Staged(functions=served, changes=())
        changes = self._apply_staging(pipeline, target, snapshot, plan, stack)
        functions = publishing.staged(revision, snapshot, resources(self._aws, target))
        self._require_codes(target, revision, functions)
        return Staged(functions=functions, changes=changes)

    def finish(self, pipeline: Pipeline, target: Target, revision: Revision, staged: Staged, key: str) -> None:
        """Apply the stack's own template (aliases unpinned), so that stack and reality agree.

        Raises `Terminal` (ALIAS_MOVED) unless all traffic of every function is at its candidate.
        """
        helping = partial(self._bring_back, pipeline, target, revision)
        stack = mended(self._aws, target, limit=self._limit, helping=helping)
        if stack is None:
            raise _gone(target)
        self._aws.together(lambda one: await_at(self._aws, target, one, one.candidate), staged.functions)
        plan = self._plan(pipeline, target, self._filled(pipeline, target, revision), key)
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
        if not snapshot.exists:
            return self._remove_ours(pipeline, target, staged)
        moved = self._put_back_first(target, snapshot, staged)
        helping = partial(self._bring_back, pipeline, target, revision)
        stack = mended(self._aws, target, limit=min(self._limit, PATIENCE), helping=helping)
        if stack is None or stack.condition == "stillborn":
            return (*moved, gone(stack))
        there = original(self._aws, target)
        back = there == self._blobs.get(snapshot.template or "")  # never staged, or an attempt before this one did it
        if staged is None and back:
            self._change_sets.sweep(target)
            return ()  # nothing of the release has come here
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
        revived = revive(self._aws, target, snapshot)
        seen = strays(self._aws, target, snapshot, staged)
        self._put_back_again(target, snapshot)
        return (*revived, *seen)

    def _put_back_again(self, target: Target, snapshot: Snapshot) -> None:
        try:
            self._put_back(target, snapshot)
        except Terminal as error:
            if error.code != "VERSION_GONE":
                raise

    def _bring_back(self, pipeline: Pipeline, target: Target, revision: Revision | None) -> None:
        """Code of the release that a rollback of CloudFormation's may miss."""
        if revision is not None:
            digests = [artifact.digest for artifact in revision.artifacts]
            self._artifacts.bring_back(target, fill(pipeline.artifacts, target), digests)

    def _foreign(
        self, pipeline: Pipeline, target: Target, revision: Revision | None, there: bytes
    ) -> tuple[Difference, ...]:
        """How the stack's template differs from the release's."""
        if revision is None:
            return ()
        aliases = frozenset(function.alias_id for function in revision.functions)
        wanted = self._filled(pipeline, target, revision)
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
        self._remove_stranded(target, codes)
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
        plan = self._plan(pipeline, target, self._filled(pipeline, target, revision), "")
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

    def _staging(self, pipeline: Pipeline, target: Target, revision: Revision, snapshot: Snapshot, key: str) -> Plan:
        template = pinned(self._filled(pipeline, target, revision), revision, snapshot)
        plan = self._plan(pipeline, target, template, key)
        # Only a new stack is tagged: CloudFormation hands a new tag of an old one down to each of its resources.
        return plan if snapshot.exists else replace(plan, tags=((APPLICATION, pipeline.application),))

    def _filled(self, pipeline: Pipeline, target: Target, revision: Revision) -> Filled:
        bucket = fill(pipeline.artifacts, target)
        return filled(self._blobs.get(revision.template), revision, application=pipeline.application, bucket=bucket)

    def _plan(self, pipeline: Pipeline, target: Target, template: Filled, key: str) -> Plan:
        return Plan(
            name=change_set_name(key),
            content=template.content,
            bucket=fill(pipeline.artifacts, target),
            parameters=values(template, target),
            nested=has_nested(template),
            execution_role=target.execution_role,
        )

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

    def _remove_stranded(self, target: Target, codes: dict[str, str]) -> None:
        if codes:
            held = resources(self._aws, target).values()
            self._aws.together(
                lambda one: remove_stranded_version(self._aws, target, one[0], one[1], held), codes.items()
            )

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
