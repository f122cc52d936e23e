"""What can be read, for organizations and for performers."""
