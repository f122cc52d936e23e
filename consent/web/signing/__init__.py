"""The signing origin: where passkeys are made and sign, and nothing else."""
