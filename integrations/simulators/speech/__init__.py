"""Real speech engines behind the simulated vendors: PocketSphinx listens, Flite (or eSpeak NG) speaks."""
