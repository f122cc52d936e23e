"""Many questions at one position: shared where they are the same, answered as if each stood alone."""
