"""Makes the readers of `voice_agent/language`: data, noise channel, training and report. Never imported at run time."""
