"""The rating page of a study: covers one by one, without names, and each answer kept at once."""
