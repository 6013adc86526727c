"""AWS: sessions, stacks, traffic, metrics, alarms and artifacts."""
