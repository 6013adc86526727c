"""Recorded samples: files of what metrics were, judged as a release would have judged them.

    lines     a file's lines as fields, CSV or JSON Lines
    rows      samples, each at a place; every mistake with its line
    streams   the same samples as arrays, a stream for each target and metric

Place in the flow: `shoreward judge FILE` reads, judges and shows them; nothing is deployed.
"""
