"""From a commit to clips on Google Cloud: what scripts/deploy, rollout, smoke and destroy do.

commands   other programs: without a shell, in time, or only printed
stack      what Terraform made, by its outputs
plan       Terraform's plans, shown with what they cost and agreed to
revisions  which revision of a service gets how much
watch      which trigger did not fire
api        a person's way in; film makes what that person uploads
cost       what the plan costs, from prices

Only the standard library is used: a build step has no virtual environment.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 (a build step brings a Python of its own)
    sys.exit("Cutroom's scripts need Python 3.11 or newer; scripts/setup brings an environment of its own")
