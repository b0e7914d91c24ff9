"""What an image was made of, kept beside it in the registry and on this machine.

Rooms inside: fields (the nouns), of_image (from live inputs), reads (which line takes an entry), takes (under which
names), groups (very many entries), encode and decode (bytes and back, with what both know in packing, and how values
are read in values), checks and tree (what its digests prove), keep (into every store), store (in a registry), local (on
this machine), proofs (which templates inputs make). Records are for people who ask what changed: nothing that decides a
build or a deployment may read one.
"""
