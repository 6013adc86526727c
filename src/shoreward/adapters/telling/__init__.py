"""Telling: each way in which somebody outside is told of a notice, and the comment at a pull request."""

from shoreward.adapters.telling.chosen import messenger_for
from shoreward.adapters.telling.comments import Comment, comment_here
from shoreward.adapters.telling.signing import signature

__all__ = ["Comment", "comment_here", "messenger_for", "signature"]
