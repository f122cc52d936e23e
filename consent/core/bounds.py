"""The bounds in time that every part of the system shares (DECIDING 29), in seconds."""

from typing import Final

NODE_WINDOW_S: Final = 0.3
SDK_POLL_S: Final = 0.25
MAX_STALENESS_INFERENCE_S: Final = 60
MAX_STALENESS_TRAINING_S: Final = 15 * 60
RECEIPT_VALIDITY_INFERENCE_S: Final = 300
# Training is judged again within its staleness bound, so its receipt outlives none.
RECEIPT_VALIDITY_TRAINING_S: Final = MAX_STALENESS_TRAINING_S
LEASE_S: Final = 15 * 60
LEASE_RENEWAL_S: Final = 5 * 60
STATUS_LIST_TTL_S: Final = 60
STATUS_LIST_EXP_S: Final = 15 * 60
