"""Dynamic security: the routes of a sandbox's APIs are attacked, and its answers looked at.

    rendered template + outputs ──► routes ──► cases ──► sent ──► judged ──► findings

Only what anybody on the internet could send is sent, and only to the sandbox.
"""

from shoreward.adapters.dynamic.check import attacks_check

__all__ = ["attacks_check"]
