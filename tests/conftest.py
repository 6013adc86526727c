"""What all tests share."""

import signal

# Whoever starts tests in the background of a shell (nohup, `&`) has them ignore Ctrl-C, and what they start would, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
