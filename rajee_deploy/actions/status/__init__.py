"""What is deployed where. Rooms inside: look (asks AWS, git and the files; reads only), rows (what is shown of it)."""
