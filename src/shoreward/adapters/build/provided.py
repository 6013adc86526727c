"""Which Python modules a function finds without bringing them along, or in what it brings along."""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import PurePosixPath

from shoreward.spec.template import did_you_mean

_LIBRARY = sys.stdlib_module_names | {
    # Of older Pythons, and of newer ones than this.
    "annotationlib", "asynchat", "asyncore", "binhex", "compression", "distutils", "formatter", "imp", "parser",
    "smtpd", "symbol", "__main__",
}  # fmt: skip
_RUNTIME = frozenset(
    ("awslambdaric", "boto3", "bootstrap", "botocore", "dateutil", "jmespath", "pip", "pkg_resources", "s3transfer",
     "setuptools", "simplejson", "six", "snapshot_restore_py", "urllib3")
)  # fmt: skip
"""What Lambda's runtimes have beside the standard library, or had."""


def there(name: str, files: Collection[str]) -> bool:
    """Whether a top-level module or package can be imported from the root of a zip."""
    if name in _LIBRARY or name in _RUNTIME:
        return True
    return any(file.startswith((f"{name}/", f"{name}.")) for file in files)


def advice(name: str, module: str, files: Collection[str]) -> str:
    """What to do about a module that is not there.

    Args:
        module: the file that imports it.
    """
    beside = PurePosixPath(module).with_name(f"{name}.py").as_posix()
    if beside in files:  # and not at the root, else it had been found
        return f"{beside} is imported as {beside.removesuffix('.py').replace('/', '.')}."
    own = {PurePosixPath(file).stem for file in files if file.endswith(".py") and "/" not in file}
    near = did_you_mean(name, own)
    return near if near.startswith("Did you mean") else "Add it to the function's requirements.txt."
