"""Names that CloudFormation gives differ from region to region and from account to account, as on AWS.

The emulator made them of the stack's name and the logical id alone, so that stacks of one name shared their roles,
which are global, and could not both have a bucket. Seam: the maker of names.
"""

import hashlib
from typing import Any

from shoreward.cloud import seam

_SUFFIX = 13
"""Characters that end such a name, and tell it from others."""


def apply() -> None:
    """Make the end of a name out of where it is given, too."""
    module, responses = seam.service("cloudformation.provisioners"), seam.core("responses")
    emulator_name = module._physical_name

    def name(stack_name: str, logical_id: str, **options: Any) -> str:
        given: str = emulator_name(stack_name, logical_id, **options)
        where = f"{given[-_SUFFIX:]} {responses.get_account_id()} {responses.get_region()}"
        suffix = hashlib.sha256(where.encode()).hexdigest()[:_SUFFIX]
        return given[:-_SUFFIX] + (suffix if options.get("lowercase") else suffix.upper())

    module._physical_name = name
