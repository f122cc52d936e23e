"""What every request passes: its id, its log line, security headers, the outer bound of bodies."""
