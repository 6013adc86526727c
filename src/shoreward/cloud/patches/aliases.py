"""An alias keeps its name on the way to the function, so that its weights and metrics can be its own.

Seam: the emulator resolves an alias to a version in one place, for every way to invoke. There the record now gets the
alias's ARN, as on AWS; which version serves is decided per invocation, see ``execution``.
"""

import random
from typing import Any

from shoreward.cloud import seam
from shoreward.cloud.untyped import mapping


def apply() -> None:
    """Let resolved records say by which alias they were reached."""
    module = seam.service("lambda_svc")
    emulator_resolve = module._effective_func_record_for_qualifier

    def resolve(func: dict[str, Any] | None, qualifier: str | None) -> tuple[Any, Any]:
        record, config = emulator_resolve(func, qualifier)
        if record is None or func is None or qualifier not in func.get("aliases", {}):
            return record, config
        arn = f"{func['config']['FunctionArn']}:{qualifier}"
        config = {**config, "FunctionArn": arn}
        return {**record, "config": config}, config

    module._effective_func_record_for_qualifier = resolve


def serving(func: dict[str, Any], alias: str) -> dict[str, Any]:
    """The record that serves one invocation of an alias, drawn by the alias's weights."""
    described = func["aliases"][alias]
    version = str(described.get("FunctionVersion", "$LATEST"))
    weights: dict[str, float] = mapping(mapping(described.get("RoutingConfig")).get("AdditionalVersionWeights"))
    if weights:
        draw = random.random()
        for other, weight in weights.items():
            draw -= float(weight)
            if draw < 0:
                version = other
                break
    return func if version == "$LATEST" else func["versions"].get(version) or func
