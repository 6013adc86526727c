# Shoreward's starter pack, third part: what stands in functions' environments.
package shoreward.environment

import rego.v1

variables contains {"function": name, "key": key, "value": value, "path": path} if {
	some name in resources_of_type("AWS::Lambda::Function")
	some key, value in input.resources[name].properties.Environment.Variables
	is_string(value)
	path := concat(".", ["Properties.Environment.Variables", key])
}

# A name, a path, an ARN or an address is no secret, nor is what CloudFormation fills in.
plain(value) if regex.match(`^[^\s/:${}]{8,}$`, value)

# A password is one whatever it looks like; of other secrets there are names, too, which are words between hyphens.
telling(variable) if regex.match(`(?i)(^|_)(password|passwd)$`, variable.key)

telling(variable) if {
	regex.match(`(?i)(^|_)(secret|token|api_?key|private_?key|secret_?access_?key)$`, variable.key)
	regex.match(`[0-9]`, variable.value)
	not regex.match(`^[a-z]+[a-z0-9]*([-_][a-z0-9]+)+$`, variable.value)
}

violation contains make_diag_at("SECRET_IN_ENVIRONMENT", "ERROR", variable.function, variable.path, text) if {
	some variable in variables
	telling(variable)
	plain(variable.value)
	text := sprintf("%s of %s is named like a secret and has a plain value.\nwhy: Whoever may look at the function, its template or its change sets can read it.\nfix: Keep it in Secrets Manager or the Parameter Store, and give the function its name.\nseverity: medium", [variable.key, variable.function])
}

violation contains make_diag_at("ACCESS_KEY_IN_ENVIRONMENT", "ERROR", variable.function, variable.path, text) if {
	some variable in variables
	regex.match(`^(AKIA|ASIA)[A-Z0-9]{16}$`, variable.value)
	text := sprintf("%s of %s holds an access key of AWS.\nwhy: It is valid until somebody revokes it, and is read by whoever sees the template.\nfix: Revoke it, and give the function's role the right itself.\nseverity: critical", [variable.key, variable.function])
}
