"""What is wrong here, before a run finds out. Rooms inside: examine (which checks there are, all at a time), machine,
app, cloud and images (the checks: each asks and says), judgements (what is well and what is not), findings (what a
check says), rows (what is shown of it).

No check changes anything. What cannot be found out is unknown, with its cause, and never taken for well.
"""
