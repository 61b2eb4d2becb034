"""From a commit to clips on Google Cloud: what scripts/deploy, rollout, smoke and destroy do.

commands   other programs: without a shell, in time, or only printed
stack      what Terraform made, by its outputs
revisions  which revision of a service gets how much
watch      which trigger did not fire
api        a person's way in; film makes what that person uploads
cost       what the plan costs, from prices

Only the standard library is used: a build step has no virtual environment.
"""
