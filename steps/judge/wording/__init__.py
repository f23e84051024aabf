"""Sentences of a judgement, in English, with the numbers that matter: fails, doubts, waits, passes, notes."""
