"""What each verb does, as a story that is read in a minute: it asks the doors, lets `plan` decide, and acts."""
