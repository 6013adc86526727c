"""The git repository of an application."""
