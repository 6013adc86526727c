"""The simulator: a pipeline's releases, good and bad, before there is one.

The real `decide` and `evolve`, and the real looks of `app.judging`, under simulated time, on the cloud of
`shoreward.testing`, with customers, faults and metrics that arrive late. It stands beside the demo, above everything
that it tries: a few hundred releases take seconds, and the same seed gives the same answer. docs/simulate.md.
"""
