"""Every "is it needed?", decided on values. Pure: no file, no process, no network, no clock."""
