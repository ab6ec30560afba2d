"""Features to moods: the four models of the origin, the run folder, and prediction with a trained one."""
