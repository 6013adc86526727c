"""`python -m shoreward`: the command line."""

from shoreward.cli import main

main()
