"""Twilio's REST API as the official clients use it, over one emulated account."""
