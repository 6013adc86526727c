"""Organisational rules and template checks: what a change may not bring to production, whoever reviews it.

build ─► translated template ──┬─► engines (Guard, Rego, CEL, cfn-lint), each in a process of its own
                               ├─► iam: rights that are new against the base
base ──► translated template ──┴─► replaced: stateful resources in danger
                                        │
                                        ▼
                 origins: the line that a person wrote ─► findings
"""

from shoreward.adapters.policy.checks import policy_checks
from shoreward.adapters.policy.hands import Engines

__all__ = ["Engines", "policy_checks"]
