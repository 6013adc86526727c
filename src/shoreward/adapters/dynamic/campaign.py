"""The attacks on all routes: sent within their limits, looked at, and asked again where an answer might be chance."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, zip_longest
from threading import Event

from shoreward.adapters.dynamic.attacks import PLAIN, Attack
from shoreward.adapters.dynamic.findings import Seen
from shoreward.adapters.dynamic.judging import UNHANDLED, signs
from shoreward.adapters.dynamic.sending import Answer, Sender
from shoreward.domain import Place, Retryable, Terminal

_WIDTH = 4
"""Requests under way at once: a sandbox is no place for a flood."""

_NOT_THERE = {
    (404, '{"message":"Not Found"}'),
    (403, '{"message":"Missing Authentication Token"}'),
    (403, '{"message":"Forbidden"}'),
}
"""What API Gateway itself says where it has no such route or stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may be sent, and how long it may take in seconds."""

    requests: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What came of the attacks.

    Attributes:
        sent: how many attacks were sent; asking again is not counted.
        left: how many were not, because of a limit.
    """

    seen: tuple[Seen, ...]
    sent: int
    left: int


def campaign(
    planned: Sequence[Sequence[Attack]],
    senders: Mapping[str, Sender],
    limits: Limits,
    secret: Mapping[str, str],
    stop: Event,
    where: Place | None,
) -> Campaign:
    """Send what is planned for each route, by turns, so that a limit is felt by all of them alike.

    Args:
        senders: by API.
        secret: headers whose value is not shown, each with the variable that holds it.

    Raises:
        Retryable: DYNAMIC_UNREACHABLE, DYNAMIC_STOPPED.
        Terminal: DYNAMIC_ADDRESS when API Gateway knows none of an API's routes.
    """
    every: list[Attack] = [attack for turn in zip_longest(*planned) for attack in turn if attack is not None]
    until = time.monotonic() + limits.seconds

    def send(attack: Attack) -> Answer:
        return senders[attack.route.api].send(attack)

    answered: list[tuple[Attack, Answer]] = []
    with ThreadPoolExecutor(_WIDTH) as pool:
        for some in _slices(every[: limits.requests]):
            if stop.is_set():
                raise Retryable("DYNAMIC_STOPPED", "The attacks were stopped before their end.", next="Check again.")
            if time.monotonic() > until:
                break
            answered += zip(some, pool.map(send, some), strict=True)
    _require_there(answered, senders, where)
    found = chain.from_iterable(_looked_at(attack, answer, senders, where) for attack, answer in answered)
    seen = tuple(
        Seen(attack=one.attack, sign=one.sign, curl=senders[one.attack.route.api].curl(one.attack, secret))
        for one in found
    )
    return Campaign(seen=seen, sent=len(answered), left=len(every) - len(answered))


def _slices(every: Sequence[Attack]) -> Iterator[Sequence[Attack]]:
    return (every[start : start + _WIDTH] for start in range(0, len(every), _WIDTH))


def _looked_at(attack: Attack, answer: Answer, senders: Mapping[str, Sender], where: Place | None) -> Iterator[Seen]:
    """The signs of an answer; a crash is asked for again, since a cold or throttled function is none."""
    for sign in signs(attack, answer):
        if sign.rule == UNHANDLED:
            again = senders[attack.route.api].send(attack)
            if not again.status:
                _require_alive(attack, senders, where)
            if all(one.rule != UNHANDLED for one in signs(attack, again)):
                continue
        yield Seen(attack=attack, sign=sign, curl="")


def _require_alive(attack: Attack, senders: Mapping[str, Sender], where: Place | None) -> None:
    """See that it is the request that gets no answer, and not the network."""
    sender = senders[attack.route.api]
    plain = Attack(name=PLAIN, route=attack.route, method="GET", target="/")
    if not (answer := sender.send(plain)).status:
        raise _unreachable(sender, answer, where)


def _require_there(
    answered: Sequence[tuple[Attack, Answer]], senders: Mapping[str, Sender], where: Place | None
) -> None:
    for api, sender in senders.items():
        mine = [answer for attack, answer in answered if attack.route.api == api]
        if mine and not any(one.status for one in mine):
            raise _unreachable(sender, mine[0], where)
        plain = [
            answer
            for attack, answer in answered
            if attack.route.api == api and attack.name == PLAIN and not attack.route.guard
        ]
        if plain and all((one.status, one.text) in _NOT_THERE for one in plain):
            what = f"{sender.address} does not know any route of {api}: it answers {plain[0].text[:100]}"
            raise Terminal("DYNAMIC_ADDRESS", what, where=where, next="See which address the stack's output gives.")


def _unreachable(sender: Sender, answer: Answer, where: Place | None) -> Retryable:
    what = f"{sender.address} does not answer: {answer.trouble}"
    return Retryable("DYNAMIC_UNREACHABLE", what, where=where, next="See whether this machine reaches the sandbox.")
