"""The trained weights and the concept lexicon of the readers, written by `python -m training.build`."""
