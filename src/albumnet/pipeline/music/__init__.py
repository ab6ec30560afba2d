"""A music library as a stage: opened, tagged, and played from."""
