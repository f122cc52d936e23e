"""Reading transparency logs as a stranger: nothing that a log serves is believed before its signatures and proofs."""
