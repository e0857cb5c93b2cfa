"""The command line: `python -m analysis run | measure | recode | targets`."""

import signal
import sys

from analysis.run import main

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a stopped run tidies up after itself
    sys.exit(main())
