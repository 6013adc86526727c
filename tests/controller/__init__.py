"""The controller: real threads, real time made short, other processes, and death."""
