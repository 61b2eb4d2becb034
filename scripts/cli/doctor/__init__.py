"""scripts/doctor: what Cutroom needs, what of it is there, and what to do about the rest. It changes nothing.

command    what is asked for, and the order of the examinations
machine, models, pipeline, council, cloud, project   one examination each
finding    what they find; screen shows it
asking     programs and services, in time
"""
