"""A witness: signs that a log only ever grew, so that nobody is shown another history than anybody else."""
