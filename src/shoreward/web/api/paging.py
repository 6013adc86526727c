"""Long lists, page by page: each page tells the address of the next one, whose cursor stays good whatever is added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Query, Request
from pydantic import BaseModel, Field

_Item = TypeVar("_Item")

Limit = Annotated[int, Query(ge=1, le=500, description="How many at most.", examples=[50])]
After = Annotated[int, Query(ge=0, le=2**62, description="Those behind this number.")]
Before = Annotated[str, Query(max_length=240, description="Those before this release.", examples=["sandcastles-12"])]


class Page(BaseModel, Generic[_Item]):
    """Some of a list."""

    items: list[_Item]
    next: Annotated[
        str | None, Field(description="The address of those that follow; null at the end.", examples=[None])
    ] = None


def paged(request: Request, found: Sequence[_Item], limit: int, **cursor: object) -> Page[_Item]:
    """The first of what was found.

    Args:
        found: one more than `limit`, where there are more.
        cursor: the parameter that leads on, and its value behind the last item that is told.
    """
    if len(found) <= limit:
        return Page(items=list(found))
    parameters = {**request.query_params, **{name: str(value) for name, value in cursor.items()}}
    return Page(items=list(found[:limit]), next=f"{request.url.path}?{urlencode(parameters)}")
