"""Conformance of the Twilio emulator: each test names the rule it protects and the fact it rests on."""
