"""`/.well-known/authzen-configuration` (Authorization API 1.0 §9)."""

from consent.core.wire.authzen import AuthzenConfiguration

PATH = "/.well-known/authzen-configuration"


def configuration(origin: str) -> AuthzenConfiguration:
    """What this registry can do for AuthZEN's clients; there is no search, since there is no directory."""
    return AuthzenConfiguration(
        policy_decision_point=origin,
        access_evaluation_endpoint=f"{origin}/access/v1/evaluation",
        access_evaluations_endpoint=f"{origin}/access/v1/evaluations",
    )
