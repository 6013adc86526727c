"""Pictures of judgements: in the terminal, and as files."""
