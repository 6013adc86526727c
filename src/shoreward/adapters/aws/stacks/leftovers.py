"""What failed operations leave behind, removed so that the next one can go through.

CloudFormation keeps a version that a failed update published (SAM retains versions). The next attempt to publish the
same code then fails with "A version for this Lambda function exists", because Lambda publishes nothing when the code
has not changed since the newest version. Such a version serves nobody and is no resource of any stack: it is removed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from shoreward.adapters.aws.calls import Aws, pages
from shoreward.adapters.aws.faults import code_of
from shoreward.adapters.aws.serving import configuration, versions
from shoreward.adapters.aws.stacks.stack import Resource, resources
from shoreward.domain import Target, Terminal


def remove_stranded_versions(
    aws: Aws, target: Target, codes: Mapping[str, str], held: Collection[Resource] | None = None
) -> None:
    """Remove what failed operations left behind of functions that are about to be published.

    Args:
        codes: sha256 of the code about to be published, base64, by the function's name.
        held: the stack's resources; looked up when None.
    """
    if codes:
        known = resources(aws, target).values() if held is None else held
        aws.together(lambda one: _remove_stranded(aws, target, *one, known), codes.items())


def _remove_stranded(aws: Aws, target: Target, name: str, code: str, held: Collection[Resource]) -> None:
    """Remove a function's newest version if it has the code about to be published and no alias and no stack knows it.

    Args:
        code: sha256 of the code about to be published, base64.
        held: the stack's resources.
    """
    published = versions(aws, target, name)
    if not published or published[-1][1] != code:
        return
    newest = published[-1][0]
    in_stack = any(
        one.type == "AWS::Lambda::Version" and one.physical_id.endswith(f":function:{name}:{newest}") for one in held
    )
    if in_stack or newest in _aliased(aws, target, name):
        return
    client = aws.lambda_(target)
    aws.call(target, client.delete_function, FunctionName=name, Qualifier=newest)


def make_room(aws: Aws, target: Target, name: str, code: str, held: Collection[Resource]) -> None:
    """Let a function's earlier code be published again, although its newest version has it and serves.

    So it is once somebody has deleted the version that came after: Lambda would publish nothing, and CloudFormation
    would fail. What the function is now is published once more, as it was before that.

    Args:
        code, held: as for `remove_stranded_versions`, which comes first.
    """
    published = versions(aws, target, name)
    latest = configuration(aws, target, name, "$LATEST")
    if not published or published[-1][1] != code or latest is None or latest.get("CodeSha256") == code:
        return
    newest = f":function:{name}:{published[-1][0]}"
    if any(one.type == "AWS::Lambda::Version" and one.physical_id.endswith(newest) for one in held):
        return
    client = aws.lambda_(target)
    aws.call(target, client.publish_version, FunctionName=name)


def remove_logs(aws: Aws, target: Target, functions: Collection[str]) -> None:
    """Remove the log groups that functions made for themselves; the stack that is gone never knew them.

    A function that is still there was somebody else's, or is kept: its log is, too.
    """
    client = aws.logs(target)

    def remove(name: str) -> None:
        if configuration(aws, target, name, "$LATEST") is not None:
            return
        try:
            aws.call(target, client.delete_log_group, logGroupName=f"/aws/lambda/{name}")
        except Terminal as error:
            if code_of(error) != "ResourceNotFoundException":
                raise

    aws.together(remove, sorted(functions))


def _aliased(aws: Aws, target: Target, name: str) -> set[str]:
    """Versions that some alias of the function sends traffic to."""
    client = aws.lambda_(target)
    found: set[str] = set()
    for page in pages(
        lambda more: aws.call(target, client.list_aliases, FunctionName=name, **more),
        asks="Marker",
        tells="NextMarker",
    ):
        for alias in page.get("Aliases", []):
            found.add(alias.get("FunctionVersion", ""))
            found |= set(alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}))
    return found
