package main

deny_memory[{"msg": msg, "resource": name, "path": "Properties.MemorySize", "severity": "high", "fix": fix}] {
  resource := input.Resources[name]
  resource.Type == "AWS::Lambda::Function"
  resource.Properties.MemorySize > 1024
  msg := sprintf("%s has %d MB of memory.", [name, resource.Properties.MemorySize])
  fix := "Ask the platform team for more than 1024 MB."
}

warn_architecture[msg] {
  resource := input.Resources[name]
  resource.Type == "AWS::Lambda::Function"
  not resource.Properties.Architectures
  msg := sprintf("%s says nothing of its architecture.", [name])
}
