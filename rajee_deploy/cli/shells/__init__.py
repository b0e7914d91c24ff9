"""What a shell completes: scripts that ask us (`scripts`), what we answer (`answer`), and the names among it (`names`).

It asks nobody over the network and says nothing but its answer: what cannot be read has no names.
"""
