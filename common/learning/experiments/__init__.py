"""Experiments as they are kept: what was asked for, what was counted, each day's shares, and what was drawn by them.

    tenants/{t}/experiments/{id}                    as asked for, its state, the shares of now, what is known
    tenants/{t}/experiment_figures/{id}.{n}.{date}  what was told of arm n in a day; what was told before is its history
    tenants/{t}/allocations/{id}.{date}             the shares that held from that day on, and why
    tenants/{t}/assignments/{id}.{digest}           an arm drawn for something, with the chance it had: its propensity

Figures of posts and campaigns are read from where they are kept (`metrics`, `campaign_metrics`), each time anew, so
that what was restated counts as it is now.
"""
