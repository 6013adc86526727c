package beach.tables

import rego.v1

violation contains make_diag_at("TABLE_BILLED_BY_REQUEST", "ERROR", name, "Properties.BillingMode", text) if {
	some name in resources_of_type("AWS::DynamoDB::Table")
	input.resources[name].properties.BillingMode != "PAY_PER_REQUEST"
	text := sprintf("%s is not billed by request.\nfix: Set BillingMode to PAY_PER_REQUEST.\nseverity: medium", [name])
}
