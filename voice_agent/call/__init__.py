"""The call as a pure, synchronous machine: events in, actions out. Imports nothing of ours, waits for nothing."""
