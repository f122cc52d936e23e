"""Training manifests: read as streams, asked once per distinct question, reported row by row."""
