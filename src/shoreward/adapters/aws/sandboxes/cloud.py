"""Sandboxes on CloudFormation (`app.sandboxes.ports.SandboxCloud`).

A sandbox's stack is changed as every other stack is, by change sets, but in one step: nobody's traffic is on it. Its
tags say whose it is and until when; CloudFormation hands them down to all that is in it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shoreward.adapters.aws.artifacts import Artifacts
from shoreward.adapters.aws.calls import Aws, pages
from shoreward.adapters.aws.naming import change_set_name
from shoreward.adapters.aws.sandboxes.contents import function_logs, prepare_logs, stack_things, things_of
from shoreward.adapters.aws.sandboxes.credentials import variables
from shoreward.adapters.aws.sandboxes.faults import lift
from shoreward.adapters.aws.sandboxes.kinds import STACK
from shoreward.adapters.aws.sandboxes.proof import prove
from shoreward.adapters.aws.sandboxes.quotas import quotas
from shoreward.adapters.aws.sandboxes.refusals import blamed
from shoreward.adapters.aws.sandboxes.removal import remove_sandbox, require_ours
from shoreward.adapters.aws.sandboxes.watching import watched
from shoreward.adapters.aws.stacks.changeset import ChangeSets, Plan
from shoreward.adapters.aws.stacks.leftovers import remove_stranded_versions
from shoreward.adapters.aws.stacks.stack import Resource, Stack, describe, resources
from shoreward.adapters.aws.stacks.standing import stands
from shoreward.adapters.aws.stacks.templates import Filled, filled, values
from shoreward.adapters.aws.stacks.waiting import LIMIT, settled
from shoreward.app.sandboxes import Injected, Seen, Thing
from shoreward.app.sandboxes.naming import is_sandbox_name
from shoreward.app.sandboxes.ports import Needs, Progress, Proof, Quota, Standing, Wanted
from shoreward.app.sandboxes.tags import read_tags
from shoreward.domain import Refused, Target

Note = Callable[[Iterable[Thing]], None]


class Sandboxes:
    """Implements `SandboxCloud` on an account.

    Args:
        limit: seconds to watch one stack operation before handing back with `Retryable`.
    """

    def __init__(self, aws: Aws, artifacts: Artifacts, *, limit: float = LIMIT) -> None:
        self._aws = aws
        self._artifacts = artifacts
        self._change_sets = ChangeSets(aws, artifacts, limit=limit)
        self._limit = limit

    def find(self, place: Target) -> tuple[Seen, ...]:
        """All sandboxes in a place, by their tags."""
        client = self._aws.cloudformation(place)
        seen = [
            read_tags({tag["Key"]: tag["Value"] for tag in one.get("Tags", [])}, _at(place, one["StackName"]), status)
            for page in pages(lambda more: self._aws.call(place, client.describe_stacks, **more))
            for one in page.get("Stacks", [])
            if (status := one["StackStatus"]) != "DELETE_COMPLETE"
        ]
        return tuple(one for one in seen if one.marked or (one.begun_only and is_sandbox_name(one.target.stack)))

    def look(self, target: Target) -> Seen | None:
        """The stack with a sandbox's name."""
        stack = describe(self._aws, target)
        return read_tags(dict(stack.tags), target, stack.status) if stack is not None else None

    def quotas(self, target: Target, needs: Needs) -> tuple[Quota, ...]:
        """The quotas that creating a sandbox would draw on."""
        return quotas(self._aws, target, needs)

    def apply(self, wanted: Wanted, note: Note, progress: Progress) -> Standing:
        """Have a stack as wanted; see `SandboxCloud.apply`."""
        return self._until(progress)._apply(wanted, note, progress)

    def _until(self, progress: Progress) -> Sandboxes:
        """The same, which waits for CloudFormation no longer than somebody waits for it."""

        def sleep(seconds: float) -> None:
            progress.stop.wait(seconds)
            _require_wanted(progress)

        timing = replace(self._aws.timing, sleep=sleep)
        aws = replace(self._aws, retry=replace(self._aws.retry, timing=timing))
        return Sandboxes(aws, self._artifacts, limit=self._limit)

    def _apply(self, wanted: Wanted, note: Note, progress: Progress) -> Standing:
        _require_wanted(progress)
        target = wanted.target
        stack = self._sound(target, progress)
        template = _labelled(wanted)
        plan = Plan(
            name=change_set_name(f"sandbox {target.key} {json.dumps([wanted.tags, template.body], sort_keys=True)}"),
            content=template.content,
            bucket=wanted.bucket,
            parameters=values(template, target),
            tags=wanted.tags,
            execution_role=target.execution_role,
        )
        changed = wanted.retag or not stands(self._aws, target, stack, plan)
        if changed:
            self._artifacts.upload(target, wanted.bucket, wanted.revision.artifacts)
            with blamed(target, wanted.file):
                stack_id = self._change(wanted, plan, stack, note, progress)
        else:
            assert stack is not None
            stack_id = stack.id
        held = resources(self._aws, target, stack_id)
        things = things_of(stack_id, held.values())
        if changed:
            logs = function_logs(things, template.body, held)
            note(logs)
            prepare_logs(self._aws, target, logs, wanted.tags)
        return Standing(outputs=self.outputs(target), things=things, changed=changed)

    def outputs(self, target: Target) -> dict[str, str]:
        """The outputs of a stack that stands."""
        client = self._aws.cloudformation(target)
        found = self._aws.call(target, client.describe_stacks, StackName=target.stack)["Stacks"]
        return {one.get("OutputKey", ""): one.get("OutputValue", "") for one in found[0].get("Outputs", [])}

    def things(self, target: Target) -> tuple[Thing, ...]:
        """All that is in a sandbox's stack now; nothing of a stack that is not one."""
        stack = describe(self._aws, target)
        if stack is None:
            return ()
        require_ours(target, stack)
        return stack_things(self._aws, target, stack.id)

    def remove(self, target: Target, known: Sequence[Thing], progress: Progress, *, abandon: bool = False) -> None:
        """Delete the stack and everything that is known of it; see `SandboxCloud.remove`."""
        remove_sandbox(self._aws, target, known, progress, abandon=abandon, limit=self._limit)

    def prove(self, target: Target, known: Sequence[Thing]) -> Proof:
        """Ask the cloud itself whether anything of a sandbox is left."""
        return prove(self._aws, target, known)

    def lift(self, target: Target, fault: Injected) -> None:
        """Take a fault back; see `SandboxCloud.lift`."""
        lift(self._aws, target, fault)

    def credentials(self, target: Target) -> Mapping[str, str]:
        """What a program needs to act as we do."""
        return variables(self._aws, target)

    def _sound(self, target: Target, progress: Progress) -> Stack | None:
        """The stack at rest, if it can be created or updated; one that cannot is removed first."""
        stack = settled(self._aws, target, limit=self._limit)
        if stack is None or stack.condition == "usable" or stack.status == "REVIEW_IN_PROGRESS":
            return stack
        progress.say(f"an earlier attempt ended in {stack.status}")
        self.remove(target, stack_things(self._aws, target, stack.id), progress)
        return None

    def _change(self, wanted: Wanted, plan: Plan, stack: Stack | None, note: Note, progress: Progress) -> str:
        """Bring the stack to the plan; returns its id."""
        target = wanted.target
        new = stack is None or stack.status == "REVIEW_IN_PROGRESS"
        held = {} if new else resources(self._aws, target)
        self._remove_stranded(wanted, held)
        found = self._change_sets.create(target, plan, "CREATE" if new else "UPDATE")
        if found is None:
            assert stack is not None
            return stack.id
        note([Thing(type=STACK, id=found.stack_id)])
        total = len(found.changes)
        progress.say(f"{'creating' if new else 'updating'} {total} resource{'s' if total != 1 else ''}")
        _require_wanted(progress)
        with watched(self._aws, target, found.stack_id, total, progress):
            self._change_sets.execute(target, found)
        self._change_sets.sweep(target)
        return found.stack_id

    def _remove_stranded(self, wanted: Wanted, held: Mapping[str, Resource]) -> None:
        codes = {
            held[user].physical_id: base64.b64encode(bytes.fromhex(artifact.digest)).decode()
            for artifact in wanted.revision.artifacts
            for user in artifact.used_by
            if user in held and held[user].type == "AWS::Lambda::Function"
        }
        remove_stranded_versions(self._aws, wanted.target, codes, held.values())


def _labelled(wanted: Wanted) -> Filled:
    """The template as it is sent; the commit stands in the tags only, for another one may have the same revision."""
    content = json.dumps(wanted.template).encode()
    made = filled(content, wanted.revision, application=wanted.application, bucket=wanted.bucket)
    metadata: dict[str, Any] = dict(made.body["Metadata"])
    label = {name: value for name, value in metadata["Shoreward"].items() if name != "Commit"}
    return Filled(body={**made.body, "Metadata": {**metadata, "Shoreward": label}})


def _require_wanted(progress: Progress) -> None:
    if progress.stop.is_set():
        raise Refused("SANDBOX_STOPPED", "Nobody waits for the sandbox any more; the ledger knows what was begun.")


def _at(place: Target, name: str) -> Target:
    """A sandbox of the place: nothing of the place's parameters is known of it."""
    return Target(
        account=place.account, region=place.region, stack=name, role=place.role, execution_role=place.execution_role
    )
