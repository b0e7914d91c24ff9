"""Why an image has the tag it has: what is in the hash, why a path is or is not, what changed since a revision.

Rooms inside: reads (what each Dockerfile line takes), why (one path), compare (two fingerprints),
since and replay (the stories over it), documents (JSON) and words (what people read). Nothing here is on the way of
a deployment; it must never change what is selected or hashed, nor a repository that it looks at.
"""
