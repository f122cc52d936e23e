"""The routes of /v1, one noun a file. Views translate; operations act."""
