"""What developers run; nothing of it is in a release."""
