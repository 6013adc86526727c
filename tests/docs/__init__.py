"""The documentation says what is so: its commands, links, codes and words are checked."""
