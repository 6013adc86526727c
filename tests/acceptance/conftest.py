"""The applications have suites of their own, which are run as their authors would run them."""

collect_ignore = ["applications"]
