"""What ships for tests: fakes, a clock, the embedded cloud as a pytest fixture."""
