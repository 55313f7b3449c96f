"""Models: what there is to choose from, and how a checkpoint is read without running it."""
