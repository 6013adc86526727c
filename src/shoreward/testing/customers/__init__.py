"""Customers: steady, seeded load on many endpoints, and an account of what they suffered.

Whoever releases a change needs to know what customers saw, independently of the metrics that judge it. Customers
arrive at each beach (one endpoint: a target, a region) as a Poisson process, make a visit drawn from a weighted mix,
and note how it ended. Arrivals are *open-loop*: they depend on seed and rate only, so a slow or dead server is asked
as often as a quick one. A visit is never tried again, so every failure is one that a customer met.

All of it happens in a process of its own, because controller and terminal run beside it: the parent sends one
JSON line per question and gets one back. The process ends with `stop`, or when its parent is gone.

    with Customers([Beach("111111111111/eu-north-1", url, rate=20)], [Visit("GET", "/tides/brighton")]) as customers:
        ...
    customers.account().failed

The package, from who asks down to what is sent. Modules know some of those below them, none above:

    customers        the load and its account, in the parent
       :  one JSON line per question, one per answer
    process          attends to the questions, in a process of its own
       |
    shore            one beach: who arrives, on which connection, how it ended
       |---- poisson         when the next one arrives
       '---- connection      one request under way, and what carries it
                '---- http11      its bytes, and the reply in those that come back

and the values that they hand to each other:

    settings         all that the process is told, on its first line
    beach, visit     where customers go, and what they ask for
    tally            how customers fared, second by second, and the account that sums it up
    latency          the quantiles in it
    account          what the parent is given to read
"""

from shoreward.testing.customers.account import Account, Second, Served
from shoreward.testing.customers.beach import Beach
from shoreward.testing.customers.customers import Customers
from shoreward.testing.customers.poisson import arrivals
from shoreward.testing.customers.visit import Visit

__all__ = ["Account", "Beach", "Customers", "Second", "Served", "Visit", "arrivals"]
