"""python -m scripts.cli.doctor"""

import sys

from scripts.cli.doctor.command import main

sys.exit(main())
