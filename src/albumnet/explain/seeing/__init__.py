"""What a backbone sees before anyone speaks of moods: the things it names, and what its filters answer to."""
