"""Two stacks of one repository on the embedded cloud, one importing what the other exports, released by a person."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from aws.conftest import environment
from cli.support import NO_CHECKS, Kiosk, Said, shoreward
from shoreward.adapters.journal import SqliteJournal
from shoreward.core import events as e
from shoreward.core.header import Header
from shoreward.domain import Outcome
from shoreward.testing.cloud import CloudAccount

REGION = "eu-north-1"
PIPELINE = """\
application: NAME
template: template.yaml
accounts: {main: {id: "ACCOUNT"}}
waves:
  - name: all
    targets: [main/eu-north-1]
    steps: [50%]
    bake: {minimum: 1s, requests: 4, deadline: 2m, on-deadline: rollback}
    soak: 0s
judge:
  interval: 1s
  delay: 1s
  dispersion: 1
  alpha: 5%
  beta: 10%
  promote-margin: {ratio: 1.5, points: 30%}
  skip: [latency]
"""
FUNCTION = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Do:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: NAME-do
      Runtime: python3.11
      Timeout: 3
      CodeUri: code/
      Handler: do.handler
      AutoPublishAlias: live
"""
TAKES = """\
      Environment: {Variables: {FROM: !ImportValue EXPORT}}
"""
GIVES = """\
  EXPORT: {Value: !Ref Do, Export: {Name: EXPORT}}
"""
HANDLER = "def handler(event, context):\n    WHAT\n"


class Shop(Kiosk):
    """Orders, and payments, which import what orders export."""

    def build(self, name: str, template: str, what: str) -> None:
        pipeline = PIPELINE.replace("NAME", name).replace("ACCOUNT", self.account.account_id)
        self.write(f"{name}/shoreward.yaml", pipeline + NO_CHECKS)
        self.write(f"{name}/template.yaml", template.replace("NAME", name))
        self.write(f"{name}/code/do.py", HANDLER.replace("WHAT", what))

    def merge(self, *exports: str, pay: str) -> None:
        """Payments take the last of the exports; others stay as long as somebody may take them."""
        gives = "".join(GIVES.replace("EXPORT", export) for export in exports)
        self.build("orders", f"{FUNCTION}Outputs:\n{gives}", f"return {{'say': '{exports[-1]}'}}")
        self.build("payments", FUNCTION + TAKES.replace("EXPORT", exports[-1]), pay)
        self.commit(f"Exchange {exports[-1]}")

    def fleet(self) -> None:
        pipelines = "".join(f"  - {{repository: ., file: {name}/shoreward.yaml}}\n" for name in ("payments", "orders"))
        file = self.root / "fleet.yaml"
        file.write_text(f"pipelines:\n{pipelines}groups:\n  shop: {{applications: [payments, orders]}}\n")

    def group(self, command: str, *more: str) -> Said:
        return shoreward(command, "--fleet", "fleet.yaml", "--group", "shop", "--json", *more, at=self.root)

    def headers(self) -> list[Header]:
        with closing(SqliteJournal(self.root / ".shoreward" / "journal.db")) as journal:
            return list(journal.releases())

    def exports(self) -> list[str]:
        [stack] = self.account.client("cloudformation", REGION).describe_stacks(StackName="orders")["Stacks"]
        return [each["ExportName"] for each in stack["Outputs"]]

    @contextmanager
    def served(self) -> Iterator[None]:
        """Customers of both."""
        closed = threading.Event()

        def queue(name: str) -> None:
            client = self.account.client("lambda", REGION)
            while not closed.wait(0.03):
                with suppress(Exception):
                    client.invoke(FunctionName=f"{name}-do", Qualifier="live")["Payload"].read()

        threads = [threading.Thread(target=queue, args=(name,)) for name in ("orders", "payments")]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            closed.set()
            for thread in threads:
                thread.join()


@pytest.fixture
def shop(tmp_path: Path, cloud_account: CloudAccount, monkeypatch: pytest.MonkeyPatch) -> Shop:
    for name, value in environment(cloud_account).items():
        monkeypatch.setenv(name, value)
    shop = Shop(tmp_path / "shop", cloud_account)
    shop.write(".gitignore", "fleet.yaml\n")
    shop.git("init", "-q", "-b", "main")
    shop.merge("First", pay="return {'say': 'thanks'}")
    shop.fleet()
    return shop


def test_what_imports_follows_what_exports_and_both_go_back_when_one_harms(shop: Shop):
    planned = shop.group("plan")
    assert [(each["application"], each["after"]) for each in planned.json["applications"]] == [
        ("orders", []),
        ("payments", ["orders"]),
    ], planned.all
    orders, payments = (each["plan"]["waves"][0]["targets"][0] for each in planned.json["applications"])
    assert "AWS::Lambda::Function" in {each["type"] for each in orders["changes"]}
    assert payments.get("changes") or "error" in payments, "what payments imports is not there yet"

    released = shop.group("release")
    assert released.code == 0, released.all
    assert [(each["id"], each["outcome"]) for each in released.json] == [
        ("orders-1", "succeeded"),
        ("payments-1", "succeeded"),
    ]
    assert shop.exports() == ["First"]
    again = shop.group("release")
    assert (again.code, "GROUP_UNCHANGED" in again.all) == (2, True)

    shop.merge("First", "Second", pay="raise ValueError('no money')")
    with shop.served():
        harmed = shop.group("release")
    assert harmed.code == 1, harmed.all
    orders, payments = (header for header in shop.headers() if header.number == 2)
    assert (payments.outcome, payments.cause) == (Outcome.ROLLED_BACK, "judged")
    assert (orders.outcome, orders.cause) == (Outcome.ROLLED_BACK, "group")
    assert shop.exports() == ["First"]
    [here], [there] = (
        [event for event in shop.events(each.id) if isinstance(event, e.StackRestored)] for each in (orders, payments)
    )
    assert there.at < here.at
