"""Twilio's end of a ConversationRelay websocket: what it says, when it says it, and what it makes of our frames."""
