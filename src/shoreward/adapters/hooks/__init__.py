"""Hooks: whoever a team lets decide whether a gate is open.

Addresses are asked here; functions are asked by `adapters.aws`.
"""

from shoreward.adapters.hooks.chosen import Chosen
from shoreward.adapters.hooks.http import HttpHooks, signature

__all__ = ["Chosen", "HttpHooks", "signature"]
