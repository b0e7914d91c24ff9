"""What happened: timings of one run, the history of all runs, and how they stand against the success metrics."""
