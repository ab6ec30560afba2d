"""From an album set and its stored features to a trained model: choosing moods, the loop, checkpoints, fine-tuning."""
