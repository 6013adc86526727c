"""Revisions as the builder renders them from a person's SAM template."""

from __future__ import annotations

import hashlib

from shoreward.domain import Revision, canonical
from shoreward.spec.template import parameter_values, read_template, render

from .support import Bench


def sam(bench: Bench, resources: str) -> Revision:
    """The revision of a SAM template that needs no artifacts; its blob is in the bench's store.

    Args:
        resources: what stands below `Resources`, not indented.
    """
    indented = "".join(f"  {line}\n" for line in resources.splitlines())
    text = f"Transform: AWS::Serverless-2016-10-31\nResources:\n{indented}"
    template = read_template(text, "template.yaml")
    values = parameter_values(template, [(bench.target.key, {})])
    rendered = render(template, values, [], {}, lambda path: None)
    blob = bench.store.put(canonical(rendered.template))
    digest = hashlib.sha256(blob.encode()).hexdigest()
    return Revision(digest=digest, commit=digest[:40], template=blob, functions=rendered.functions, artifacts=())
