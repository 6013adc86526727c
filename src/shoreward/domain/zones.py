"""The time zone in which a region's customers and engineers live, by IANA name.

A table, because AWS publishes none: the zone of the city or state that a region is named after.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

ZONE_OF = {
    "af-south-1": "Africa/Johannesburg",
    "ap-east-1": "Asia/Hong_Kong",
    "ap-east-2": "Asia/Taipei",
    "ap-northeast-1": "Asia/Tokyo",
    "ap-northeast-2": "Asia/Seoul",
    "ap-northeast-3": "Asia/Tokyo",
    "ap-south-1": "Asia/Kolkata",
    "ap-south-2": "Asia/Kolkata",
    "ap-southeast-1": "Asia/Singapore",
    "ap-southeast-2": "Australia/Sydney",
    "ap-southeast-3": "Asia/Jakarta",
    "ap-southeast-4": "Australia/Melbourne",
    "ap-southeast-5": "Asia/Kuala_Lumpur",
    "ap-southeast-6": "Pacific/Auckland",
    "ap-southeast-7": "Asia/Bangkok",
    "ca-central-1": "America/Montreal",
    "ca-west-1": "America/Edmonton",
    "cn-north-1": "Asia/Shanghai",
    "cn-northwest-1": "Asia/Shanghai",
    "eu-central-1": "Europe/Berlin",
    "eu-central-2": "Europe/Zurich",
    "eu-isoe-west-1": "Europe/London",
    "eu-north-1": "Europe/Stockholm",
    "eu-south-1": "Europe/Rome",
    "eu-south-2": "Europe/Madrid",
    "eu-west-1": "Europe/Dublin",
    "eu-west-2": "Europe/London",
    "eu-west-3": "Europe/Paris",
    "eusc-de-east-1": "Europe/Berlin",
    "il-central-1": "Asia/Jerusalem",
    "me-central-1": "Asia/Dubai",
    "me-south-1": "Asia/Bahrain",
    "mx-central-1": "America/Mexico_City",
    "sa-east-1": "America/Sao_Paulo",
    "us-east-1": "America/New_York",
    "us-east-2": "America/New_York",
    "us-gov-east-1": "America/New_York",
    "us-gov-west-1": "America/Los_Angeles",
    "us-iso-east-1": "America/New_York",
    "us-iso-west-1": "America/Denver",
    "us-isob-east-1": "America/New_York",
    "us-isob-west-1": "America/Los_Angeles",
    "us-isof-east-1": "America/New_York",
    "us-isof-south-1": "America/New_York",
    "us-west-1": "America/Los_Angeles",
    "us-west-2": "America/Los_Angeles",
}

REGION = "region"
"""What stands for each target's own zone where a zone is named."""


def zone_name(zone: str, region: str) -> str:
    """The IANA name of a zone; of `region` it is that of a target's region, "" for a region that nobody knows."""
    return ZONE_OF.get(region, "") if zone == REGION else zone


def zone_named(name: str) -> ZoneInfo | None:
    """The rules of a zone; None when this machine knows of none by that name."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        return None
