"""The whole story on real input, finite: sign, scan, end, scan again, verify (`consent-server demo`)."""
