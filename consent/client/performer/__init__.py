"""The performer's side: a key in their sole control, what is offered to them, and what they sign."""
