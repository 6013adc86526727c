"""SAM and CloudFormation templates: read with places, and rendered for deployment.

The way through: `read_template`, `parameter_values`, `find_assets`, then somebody builds the assets, then `render`.
All of it is pure: text in, values or errors out; no AWS call, no clock, no environment.
"""

from shoreward.spec._words import did_you_mean
from shoreward.spec.template.assets import find_assets
from shoreward.spec.template.differences import ABSENT, Difference, as_deployed, differences
from shoreward.spec.template.document import Template, read_template
from shoreward.spec.template.files import Read
from shoreward.spec.template.fitting import misfits
from shoreward.spec.template.parameters import Values, parameter_values
from shoreward.spec.template.render import ALIAS, render
from shoreward.spec.template.resolving import resolve, settle
from shoreward.spec.template.translated import Memory
from shoreward.spec.template.values import Asset, Note, Rendered

__all__ = [
    "ABSENT",
    "ALIAS",
    "Asset",
    "Difference",
    "Memory",
    "Note",
    "Read",
    "Rendered",
    "Template",
    "Values",
    "as_deployed",
    "did_you_mean",
    "differences",
    "find_assets",
    "misfits",
    "parameter_values",
    "read_template",
    "render",
    "resolve",
    "settle",
]
