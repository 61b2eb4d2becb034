"""python -m scripts MODULE ...: how each command begins, so that a Ctrl-C that comes early ends it, too.

Loading a command takes some tenths of a second in which nothing is begun, so a signal just ends it. Python's own start
before that, some hundredths, stays as Python has it.
"""

from __future__ import annotations

import importlib
import signal
import sys


def main() -> int:
    usual = signal.getsignal(signal.SIGINT)
    if usual is signal.default_int_handler:  # not where whoever began it wants none
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # an exception in the middle of an import is told, or lost
    module = importlib.import_module(sys.argv.pop(1))
    sys.argv[0] = str(module.__file__)
    try:
        signal.signal(signal.SIGINT, usual)
        done: int = module.main()
        return done
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
