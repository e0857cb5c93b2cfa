"""Tone, loaded language, attribution, framing and stance of news articles, reported per voice."""
