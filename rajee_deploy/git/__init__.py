"""What git knows: which revision this is (`revisions`), which of two is older, the files of another (`checkout`).

The repository is only read, and nothing that it configures runs: see `call`. Nothing is imported here: who wants to
know what is checked out (`head`) needs no more than a look at a file.
"""
