"""`python -m averted` and the command `averted`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; without its packages say what to install."""
    try:
        from averted.cli import run
    except ImportError as error:
        print(f"averted: the command line needs {error.name}: pip install 'averted[report]'", file=sys.stderr)
        return 1
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
