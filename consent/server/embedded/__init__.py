"""The laptop's services under our own launcher: PostgreSQL, processes, the first start."""
