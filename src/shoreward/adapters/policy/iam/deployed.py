"""Rights that grow by a parameter's value, while nobody has touched the policy that it stands in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shoreward.adapters.policy.deployments import Deployment, told
from shoreward.adapters.policy.iam.findings import BROADENED, iam_findings
from shoreward.adapters.policy.origins import Origins
from shoreward.domain import Finding
from shoreward.spec.template import settle
from shoreward.spec.template.plain import Json


def deployed_iam_findings(
    made: Mapping[str, Json],
    base: Mapping[str, Json] | None,
    origins: Origins,
    *,
    parameters: Mapping[str, tuple[str, ...]],
    deployments: Sequence[Deployment],
) -> list[Finding]:
    """What `iam_findings` tells of the templates, and IAM_BROADENED for what changed parameters bring on targets.

    Args:
        parameters: values of the template's parameters over all targets.
    """
    findings = iam_findings(made, base, origins, parameters)
    if base is None:
        return findings
    known = {(one.subject, one.what) for one in findings if one.rule == BROADENED}
    for deployment in deployments:
        changes = deployment.changes(base, made)
        if not changes:
            continue
        before, after = (
            settle(template, deployment.target, {name: values[side] for name, values in changes.items()})
            for side, template in enumerate((base, made))
        )
        for one in iam_findings(after, before, origins, {name: (value,) for name, value in deployment.after.items()}):
            if one.rule == BROADENED and (one.subject, one.what) not in known:
                known.add((one.subject, one.what))
                why = told(changes, made, [deployment.target])
                findings.append(replace(one, what=f"{one.what.removesuffix('.')}: {why}."))
    return findings
