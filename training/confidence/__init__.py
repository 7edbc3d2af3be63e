"""Builds the weights of confidence from simulated calls: `python -m training.confidence`."""
