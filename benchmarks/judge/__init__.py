"""The judge's benchmark: this judge and its peers on the same seeded worlds, in one run.

`python -m benchmarks.judge` from the repository's root draws the worlds, lets every judge see them, and writes
`results.json` beside this file, the tables of docs/judge-benchmark.md and the figures beside it. `worlds` draws what
happens, `judges` lists who looks, `scenarios` says what is tried, `outcome` counts, `goals` compares with what was
promised, `tables`, `figures` and `page` tell.
"""
