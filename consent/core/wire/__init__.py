"""The JSON of checks: typed requests and answers, read strictly and written canonically."""
