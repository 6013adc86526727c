"""Stacks on CloudFormation: every change looked at before it is made, and the way back from wherever one is."""
