"""What policies in a template allow, and what a change lets them allow in addition."""

from shoreward.adapters.policy.iam.broadening import broadened
from shoreward.adapters.policy.iam.deployed import deployed_iam_findings
from shoreward.adapters.policy.iam.findings import iam_findings
from shoreward.adapters.policy.iam.grants import Grant, Names
from shoreward.adapters.policy.iam.statements import grants_of

__all__ = ["Grant", "Names", "broadened", "deployed_iam_findings", "grants_of", "iam_findings"]
