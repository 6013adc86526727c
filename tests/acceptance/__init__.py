"""What `shoreward check` is worth: seeded defects that it must find at their line, and changes that it must let pass.

corpus/         the defects and the clean changes: texts that are to be read
applications/   what is changed: additions to examples/sandcastles, and Harbour, in Node and Python
edits.py        one change of an application's files; a mark in it says where the finding belongs
ground.py       an application's repository, with all that surrounds it on loopback
asking.py       `shoreward check --json`, as a process or within this one
judging.py      what was found, missed, misplaced or made up
run.py          `PYTHONPATH=tests python -m acceptance.run`: all of it, as a table
test_corpus.py  what of it is cheap, in `make test`
"""
