"""The commands by their families. Each is a few lines: what it does is in `app`, what it shows beside this folder.

Nothing heavy is imported until a command needs it, so that `--help` and `status` answer at once.
"""
