"""Twilio's end of a bidirectional Media Stream: the caller's audio out, the application's audio in, at real time."""
