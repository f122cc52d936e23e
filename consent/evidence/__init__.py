"""Evidence: what the history says was consented to at an instant, and files that prove it to anybody."""
