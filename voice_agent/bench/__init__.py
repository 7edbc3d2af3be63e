"""`voice-agent bench`: what this server adds to a turn on this machine, with every feature on."""
