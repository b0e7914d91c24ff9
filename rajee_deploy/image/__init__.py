"""From settings to the inputs and the fingerprint of one image."""
