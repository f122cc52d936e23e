"""Status lists: what each place of each list says, and the signed list for everybody (decision 0029)."""
