"""Features to moods: the four models of the origin, their training, and prediction with a trained one."""
