"""Values on AWS: parameters, and hosted configurations of AppConfig, behind the ports of stacks."""
