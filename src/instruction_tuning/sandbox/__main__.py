"""`python -m instruction_tuning.sandbox`: which barriers hold here. Status 1 where one is missing."""

import sys

from instruction_tuning.sandbox.pool import barriers

if __name__ == "__main__":
    found = barriers()
    sys.stdout.write(f"{found}\n")
    sys.exit(1 if found.missing else 0)
