"""Answers: kept for ever in SQLite, taken out and in as files, brought together from copies of a study."""
