"""The hot path: questions in, decisions out, each kept and receipted."""
