"""Text in, batches of views out: reading, romanising, aligning, tokenising and collating, a step a module."""
