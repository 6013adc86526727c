"""What is shown, as values: pure functions of what is known and of the time, made into JSON and into pages alike."""
