"""Why an image has the tag it has: what is in the hash, why a path is or is not, what changed since a commit or a tag.

Rooms inside: reads (what each Dockerfile line takes), why (one path), compare and entries (what two images are made
of), since and replay (the stories over it), tags (the story over records and what is deployed),
documents (JSON) and words (what people read). Nothing here is on the way of a deployment; it must never change what is
selected or hashed, nor a repository that it looks at.
"""
