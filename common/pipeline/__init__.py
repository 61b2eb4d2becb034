"""The engine: one table of stages, and one place where a stage settles exactly once.

stage        what a stage may say of itself, and what the cloud would refuse
definition   the table
flows        submit a source, resume, cancel
planner      what an ended run sets going
execution    claim, work, settle
work         what a stage's handler is given
sweep        find what was lost, by `due`
place        where a run works
runner       all of it on one machine
"""
