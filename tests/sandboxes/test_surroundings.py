"""What sandboxes need of the world around them: quotas, seeds, and a look at production."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shoreward.adapters.aws import Retry
from shoreward.adapters.aws.sandboxes.observing import Observer
from shoreward.adapters.aws.sandboxes.proof import prove
from shoreward.adapters.aws.sandboxes.quotas import quotas
from shoreward.adapters.aws.sandboxes.refusals import blamed
from shoreward.adapters.aws.sandboxes.seeding import CommandSeeder
from shoreward.adapters.git import Repository
from shoreward.app.sandboxes.parity import FunctionFacts
from shoreward.app.sandboxes.ports import Needs, Progress, Quota
from shoreward.cloud import EmbeddedCloud, FaultRule
from shoreward.domain import OperationError, Place, Refused, SandboxPlan, SpecError, Target, Terminal

from .shop import Shop
from .support import Beach, physical, table

PLAN = Place(file="shoreward.yaml", line=12, column=5)


def looked(beach: Beach, **types: int) -> dict[str, Quota]:
    needs = Needs(types={name.replace("_", "::"): amount for name, amount in types.items()}, reserved=500, code=100)
    return {one.name: one for one in quotas(beach.aws, beach.place, needs)}


def test_quotas_tell_whether_there_is_room(beach: Beach):
    found = looked(beach, AWS_Lambda_Function=2, AWS_IAM_Role=2)
    assert found["roles"].needed == 2
    assert found["roles"].fits
    assert found["bytes of Lambda code"].needed == 100
    # Lambda keeps 100 concurrent executions for those who reserve none
    reserved = found["reserved concurrency"]
    assert reserved.needed == 500
    assert reserved.fits is (reserved.used + 500 <= reserved.limit)


def test_what_a_service_does_not_tell_is_said_to_be_unread(beach: Beach):
    stacks = looked(beach)["stacks"]
    assert stacks.unread
    assert stacks.fits


def test_a_full_account_does_not_fit():
    assert not Quota(name="stacks", limit=10, used=10, needed=1).fits


@pytest.mark.parametrize(
    ("code", "said", "is_the_changes"),
    [
        ("STACK_FAILED", "Guests (AWS::DynamoDB::Table): One or more parameter values were invalid", True),
        ("CHANGE_SET_FAILED", "Template format error: Unresolved resource dependencies", True),
        ("PARAMETER_MISSING", "The template declares Stage without a default", True),
        ("STACK_FAILED", "Guests: User: x is not authorized to perform: dynamodb:CreateTable", False),
        ("STACK_FAILED", "Hello: Resource limit exceeded (HandlerErrorCode: ServiceLimitExceeded)", False),
        ("STACK_FAILED", "Hello: Rate exceeded (HandlerErrorCode: Throttling)", False),
        ("AWS_ACCESS_DENIED", "cloudformation:CreateChangeSet is not allowed", False),
    ],
)
def test_who_is_to_blame_for_a_sandbox_that_cannot_be_made(code: str, said: str, is_the_changes: bool):
    target = Target(account="1", region="eu-north-1", stack="shop")
    with pytest.raises((SpecError, Terminal)) as caught, blamed(target, "template.yaml"):
        raise Terminal(code, said)
    assert isinstance(caught.value, SpecError) is is_the_changes
    assert said in str(caught.value)


def seeded(shop: Shop, command: str, progress: Progress | None = None, limit: float = 60.0) -> None:
    target = Target(account="1", region="eu-north-1", stack="shop")
    plan = SandboxPlan(target=target, seed=command, where=PLAN)
    environment = {"AWS_SAM_STACK_NAME": "shop-main", "AWS_ACCESS_KEY_ID": "theirs"}
    CommandSeeder(Repository(shop.root), limit=limit).seed(plan, "HEAD", environment, progress or Progress())


def test_a_seed_runs_in_a_fresh_copy_of_the_commit_with_the_sandboxs_environment(shop: Shop, tmp_path: Path):
    shop.write("code/hello.py", "changed, and not committed")
    told = tmp_path / "told"
    seeded(shop, f'(pwd; cat code/hello.py; echo "$AWS_SAM_STACK_NAME $AWS_ACCESS_KEY_ID") > {told}')
    lines = told.read_text().splitlines()
    assert not Path(lines[0]).exists()
    assert not lines[0].startswith(str(shop.root))
    assert "changed" not in told.read_text()
    assert lines[-1] == "shop-main theirs"


def test_a_seed_that_fails_is_the_changes_fault_and_says_why(shop: Shop):
    with pytest.raises(SpecError, match=r"ended with 3: no such table") as caught:
        seeded(shop, "echo no such table >&2; exit 3")
    assert caught.value.where == PLAN


def test_a_seed_that_hangs_is_ended_with_all_that_it_started(shop: Shop, tmp_path: Path):
    started = tmp_path / "started"
    with pytest.raises(SpecError, match="did not end within"):
        seeded(shop, f"sleep 600 & echo $! > {started}; wait", limit=1.0)
    until = time.monotonic() + 60
    while alive(int(started.read_text())):  # it was killed, and dies as soon as the machine gets to it
        assert time.monotonic() < until
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_a_seed_that_nobody_waits_for_ends(shop: Shop):
    stop = threading.Event()
    stop.set()
    with pytest.raises(Refused, match="SANDBOX_STOPPED"):
        seeded(shop, "sleep 600", Progress(stop=stop))


def deployed(beach: Beach, **function: Any) -> Target:
    """A production stack with one function."""
    revision = beach.revision(Guests=table())
    body: dict[str, Any] = json.loads(beach.store.get(revision.template))
    body["Parameters"] = {"Stage": {"Type": "String", "Default": "prod"}}
    properties: dict[str, Any] = body["Resources"]["Hello"]["Properties"]
    properties |= {"Code": {"ZipFile": "def handler(event, context): pass"}, **function}
    client = beach.client("cloudformation")
    client.create_stack(StackName="shop", TemplateBody=json.dumps(body), Capabilities=["CAPABILITY_NAMED_IAM"])
    client.get_waiter("stack_create_complete").wait(StackName="shop", WaiterConfig={"Delay": 0.1})
    return Target(account=beach.place.account, region=beach.place.region, stack="shop")


def test_production_is_seen_as_it_is(beach: Beach):
    variables: Mapping[str, Any] = {"Variables": {"STAGE": {"Ref": "Stage"}}}
    target = deployed(beach, MemorySize=256, Timeout=7, Environment=variables)
    name = physical(beach, "shop", "Hello")
    beach.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=5)
    before = beach.inventory()
    seen = Observer(beach.aws).observe(target)
    assert seen.exists
    assert seen.parameters == {"Stage": "prod"}
    assert seen.functions == {
        "Hello": FunctionFacts(
            memory=256,
            timeout=7,
            runtime="python3.11",
            architectures=("x86_64",),
            layers=0,
            environment=("STAGE",),
            reserved=5,
        )
    }
    assert "Hello" in seen.template["Resources"]
    assert seen.concurrency is not None
    assert beach.inventory() == before


def test_a_production_that_is_not_there_yet_is_no_error(beach: Beach):
    seen = Observer(beach.aws).observe(beach.place)
    assert not seen.exists
    assert seen.functions == {}


def test_credentials_are_those_of_the_target(beach: Beach):
    found = beach.cloud.credentials(beach.place)
    assert found["AWS_ACCESS_KEY_ID"] == os.environ["AWS_ACCESS_KEY_ID"]
    assert found["AWS_SECRET_ACCESS_KEY"] == "embedded-cloud"
    assert found["AWS_ENDPOINT_URL"] == beach.account.endpoint


def test_credentials_of_a_role_are_assumed(beach: Beach):
    iam = beach.client("iam")
    trust = {"Version": "2012-10-17", "Statement": []}
    role = iam.create_role(RoleName="sandboxes", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    found = beach.cloud.credentials(replace(beach.place, role=role))
    assert found["AWS_SESSION_TOKEN"]
    assert found["AWS_ACCESS_KEY_ID"] != os.environ["AWS_ACCESS_KEY_ID"]


def test_a_service_that_cannot_be_asked_is_no_proof(beach: Beach, embedded_cloud: EmbeddedCloud):
    made = beach.up()
    things = beach.ledger.things(made.lease.key)
    hasty = replace(beach.aws, retry=Retry(budget=0.0))
    account = beach.account.account_id
    embedded_cloud.faults.set([FaultRule(kind="error", service=one, account=account) for one in ("kinesis", "tagging")])
    try:
        # Given that the sandbox had nothing of that kind, as far as anybody knows, it is said that nobody looked
        proof = prove(hasty, made.lease.target, things)
        # and a kind of which it did have something must be asked
        embedded_cloud.faults.set([FaultRule(kind="error", service="lambda", account=account)])
        with pytest.raises(OperationError):
            prove(hasty, made.lease.target, things)
    finally:
        embedded_cloud.faults.clear()
    assert sorted(kind for kind, _ in proof.unseen) == ["streams", "tags"]
    assert not {"streams", "tags of all services"} & set(proof.looked)
