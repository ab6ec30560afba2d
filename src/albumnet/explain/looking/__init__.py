"""What moods look at: faces, lettering, the centre and the edges of covers, and what happens when these change."""
