"""`up`: a whole registry in one folder of this machine."""
