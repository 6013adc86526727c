"""What can be installed here, and what is known against it.

Test runners and boto3 are those that are installed beside these tests; everything else is made up.
"""

from __future__ import annotations

from shoreward.testing.advisories import an_advisory
from suites.registry import Registry

_TESTING = ("pytest", "pluggy", "iniconfig", "packaging", "pygments")
_AWS = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3")
_SERVICES = ("cloudformation", "dynamodb", "lambda", "sqs", "sts", "stepfunctions")

# It has what the application asks of it: ids that sort by their time.
UUID6 = """\
import time
import uuid


def uuid7():
    return uuid.UUID(int=(time.time_ns() << 64) | uuid.uuid4().int & (1 << 62) - 1)
"""


def publish(registry: Registry) -> None:
    """Publish all of it."""
    for name in (*_TESTING, *_AWS):
        registry.publish_installed(name, services=_SERVICES)
    for version in ("2024.7.10", "2025.0.1"):
        registry.publish_wheel("uuid6", version, {"uuid6.py": UUID6})
    for version in ("1.0", "1.2"):
        registry.publish_wheel("sandpaper", version, {"sandpaper.py": "GRIT = 80\n"}, requires=("grit>=0.1",))
    registry.publish_wheel("grit", "0.1", {"grit.py": "SIZE = 80\n"})
    registry.publish_wheel("Wet_Sand.Tools", "3.1", {"wet_sand.py": "WET = True\n"})
    registry.publish_wheel("coarse", "2.0", {"coarse.py": "SIZE = 1\n"}, requires=("pebbles==1.0",))
    registry.publish_wheel("pebbles", "1.0", {"pebbles.py": "COUNT = 9\n"})
    registry.publish_wheel("seashell", "4.2", {"seashell.py": "COLOUR = 'pink'\n"})
    registry.publish_wheel("driftwood", "0.9", {"driftwood.py": "LENGTH = 3\n"})
    for version in ("1.0.0", "1.1.0"):
        registry.publish_package("tariff", version, {"index.js": "exports.rate = 2.5;\n"})
    registry.publish_package("knots", "2.3.0", {"index.js": "exports.perHour = 1.852;\n"})
    registry.publish_package("@quay/rope", "4.0.1", {"index.js": "exports.metres = 30;\n"})
    registry.publish_package("winch", "1.5.0", {"index.js": "exports.pull = 9;\n"}, {"@quay/rope": "^4.0.0"})
    registry.publish_package("anchor", "3.0.0", {"index.js": "exports.weight = 15;\n"})


ADVISORIES = (
    an_advisory("GHSA-sand-0001", "PyPI", "sandpaper", fixed="1.2", aliases=("CVE-2026-1000",)),
    an_advisory("PYSEC-2026-7", "PyPI", "pebbles", last_affected="1.0", severity="CRITICAL"),
    an_advisory("GHSA-sand-0002", "PyPI", "wet-sand-tools", severity="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
    an_advisory("GHSA-sand-0003", "PyPI", "uuid6", introduced="2024.0.0", fixed="2025.0.1"),
    an_advisory("GHSA-sand-0004", "PyPI", "driftwood", severity="LOW"),
    an_advisory("MAL-2026-42", "npm", "knots", severity=""),
    an_advisory("GHSA-quay-0002", "npm", "@quay/rope", introduced="4.0.0", fixed="4.1.0", severity="CRITICAL"),
    an_advisory("GHSA-quay-0001", "npm", "tariff", fixed="1.1.0", severity="MODERATE"),
)
