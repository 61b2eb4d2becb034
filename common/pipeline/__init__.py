"""The engine: one table of stages, and one place where a stage settles exactly once.

stage        what a stage may say of itself, and what the cloud would refuse
definition   the table; conditions: the predicates it names
run          the documents: a run, a flow
engine       the table and the ports it runs on
flows        submit a source, resume, cancel
planner      what an ended run sets going
execution    claim, work, settle; lease: an attempt's hold; usage: what it took
work         what a stage's handler is given
sweep        find what was lost, by `due`
place        where a run works
runner       all of it on one machine
"""
