"""What --help and docs/verbs.md say of a verb: `facts` about it that its flags do not tell, the `page` made of both,
and its two forms, `screen` and `markdown`. Imported by who asks for help alone.
"""
