"""The pages: for performers, organizations and operators, rendered on the server."""
