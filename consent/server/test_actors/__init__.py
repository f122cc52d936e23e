"""Invented performers of the test side, who answer every test organization in a way one can rely on.

Their keys are published (`keys.py`): whoever holds this package can sign as they do, which is why nothing
they sign counts on the live side. They sign through the same operations as anybody, in a process of their
own or, on the laptop, in the relay; the registry's database holds only their public keys.
"""
