"""The fast lane: what pipelines ask all day, answered before Django's handler (DESIGN §8 "Lane")."""
