"""The command line: commands and the live terminal view."""


def main() -> None:
    """Run the command line."""
