"""What people do with sandboxes, through the real command line and the embedded cloud."""

from __future__ import annotations

from .shop import Shop


def test_first(shop: Shop):
    up = shop.run("up")
    print(up.out, up.err)
    print(shop.run("list").out)
    up = shop.run("up")
    print(up.out, up.err)
    print(shop.run("reap").out)
    d = shop.run("down")
    print(d.out, d.err, d.code)
    print(shop.run("list").out)
    print(shop.left())
    assert 0
