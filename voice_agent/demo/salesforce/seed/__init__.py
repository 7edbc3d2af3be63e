"""Demo orgs: generated the same every time, written with dates relative to the moment of loading."""
