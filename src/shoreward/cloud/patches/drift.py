"""Drift detection sees aliases, which AWS checks and the emulator did not: in mid-release that is what matters.

As on AWS only properties that the template sets are compared; a routing that the template does not name is no drift.
Seam: the table of drift readers.
"""

from typing import Any

from shoreward.cloud import seam
from shoreward.cloud.untyped import mapping


def apply() -> None:
    """Add a reader for aliases."""
    readers: dict[str, Any] = seam.service("cloudformation.drift")._DRIFT_READERS
    compared = frozenset({"FunctionVersion", "Name", "Description", "RoutingConfig"})
    readers["AWS::Lambda::Alias"] = (_read_alias, compared)


def _read_alias(physical_id: str, _props: dict[str, Any]) -> dict[str, Any] | None:
    parts = physical_id.split(":")
    func = seam.service("lambda_svc")._functions.get(parts[6]) if len(parts) > 7 else None
    alias: dict[str, Any] | None = mapping(func).get("aliases", {}).get(parts[-1])
    if alias is None:
        return None
    weights: dict[str, float] = mapping(mapping(alias.get("RoutingConfig")).get("AdditionalVersionWeights"))
    shown = [{"FunctionVersion": version, "FunctionWeight": weight} for version, weight in weights.items()]
    return {
        "FunctionVersion": alias.get("FunctionVersion"),
        "Name": alias.get("Name"),
        "Description": alias.get("Description", ""),
        "RoutingConfig": {"AdditionalVersionWeights": shown},
    }
