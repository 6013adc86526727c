# Shoreward's starter pack, second part: what two resources tell together.
package shoreward.triggers

import rego.v1

# Functions by what refers to them: themselves, or an alias or a version.
behind(value) := value.__ref if input.resources[value.__ref].resourceType == "AWS::Lambda::Function"

behind(value) := name if {
	input.resources[value.__ref].resourceType in {"AWS::Lambda::Alias", "AWS::Lambda::Version"}
	name := input.resources[value.__ref].properties.FunctionName.__ref
	input.resources[name].resourceType == "AWS::Lambda::Function"
}

# A property, or what AWS takes when it is left out.
property(name, key, _) := input.resources[name].properties[key]

property(name, key, otherwise) := otherwise if not has(name, key)

has(name, key) if input.resources[name].properties[key] == input.resources[name].properties[key]

# Each mapping of a queue to a function.
reads contains {"mapping": mapping, "queue": queue, "function": name} if {
	some mapping in resources_of_type("AWS::Lambda::EventSourceMapping")
	queue := input.resources[mapping].properties.EventSourceArn.__ref
	input.resources[queue].resourceType == "AWS::SQS::Queue"
	name := behind(input.resources[mapping].properties.FunctionName)
}

# Each mapping of a stream to a function.
follows contains mapping if {
	some mapping in resources_of_type("AWS::Lambda::EventSourceMapping")
	source := input.resources[mapping].properties.EventSourceArn.__ref
	input.resources[source].resourceType in {"AWS::Kinesis::Stream", "AWS::DynamoDB::Table"}
}

violation contains make_diag_at("QUEUE_HIDES_TOO_SHORTLY", "ERROR", read.queue, "Properties.VisibilityTimeout", text) if {
	some read in reads
	hidden := property(read.queue, "VisibilityTimeout", 30)
	runs := property(read.function, "Timeout", 3)
	is_number(hidden)
	is_number(runs)
	hidden < runs
	text := sprintf("%s hides a message for %v seconds, and %s may work on it for %v.\nwhy: Lambda refuses to read such a queue, and the deployment fails.\nfix: Set VisibilityTimeout to %v, six times the function's timeout.\nseverity: high", [read.queue, hidden, read.function, runs, 6 * runs])
}

violation contains make_diag_at("QUEUE_HIDES_SHORTLY", "ERROR", read.queue, "Properties.VisibilityTimeout", text) if {
	some read in reads
	hidden := property(read.queue, "VisibilityTimeout", 30)
	runs := property(read.function, "Timeout", 3)
	is_number(hidden)
	is_number(runs)
	hidden >= runs
	hidden < 6 * runs
	text := sprintf("%s hides a message for %v seconds, less than six times the timeout of %s.\nwhy: Messages that are retried after throttling come back while they are still worked on.\nfix: Set VisibilityTimeout to %v.\nseverity: low", [read.queue, hidden, read.function, 6 * runs])
}

violation contains make_diag("QUEUE_WITHOUT_DEAD_LETTERS", "ERROR", read.queue, text) if {
	some read in reads
	not has(read.queue, "RedrivePolicy")
	text := sprintf("%s has no place for messages that %s cannot handle.\nwhy: Such a message comes back until it expires, and takes the place of good ones.\nfix: Give it a RedrivePolicy with a dead-letter queue.\nseverity: low", [read.queue, read.function])
}

violation contains make_diag_at("QUEUE_GIVES_UP_EARLY", "ERROR", read.queue, "Properties.RedrivePolicy", text) if {
	some read in reads
	received := to_number(input.resources[read.queue].properties.RedrivePolicy.maxReceiveCount)
	received < 3
	text := sprintf("%s gives a message up after %v attempts.\nwhy: Throttling counts as an attempt, so good messages land among the dead letters; AWS advises five.\nfix: Set maxReceiveCount to 5.\nseverity: low", [read.queue, received])
}

violation contains make_diag("QUEUE_READ_WITHOUT_LIMIT", "ERROR", read.mapping, text) if {
	some read in reads
	is_number(input.resources[read.function].properties.ReservedConcurrentExecutions)
	not input.resources[read.mapping].properties.ScalingConfig.MaximumConcurrency
	text := sprintf("%s has a limit of its concurrency, and the queue's reader does not know it.\nwhy: Lambda takes more messages than the function may handle; they are throttled, and in the end given up.\nfix: Set ScalingConfig.MaximumConcurrency on the event to no more than the function's ReservedConcurrentExecutions.\nseverity: low", [read.function])
}

violation contains make_diag("BATCH_FAILS_AS_A_WHOLE", "ERROR", read.mapping, text) if {
	some read in reads
	property(read.mapping, "BatchSize", 10) != 1
	not "ReportBatchItemFailures" in property(read.mapping, "FunctionResponseTypes", [])
	text := sprintf("When one message fails, %s gets the whole batch again.\nwhy: What was handled is handled twice.\nfix: Return batchItemFailures and set FunctionResponseTypes: [ReportBatchItemFailures].\nseverity: note", [read.function])
}

violation contains make_diag("STREAM_STUCK_BY_A_RECORD", "ERROR", mapping, text) if {
	some mapping in follows
	not limited(mapping)
	text := "A record that fails stops its shard until it expires.\nwhy: Nothing behind it is handled for up to a day, on some streams for up to a year.\nfix: Set MaximumRetryAttempts and an OnFailure destination.\nseverity: low"
}

limited(mapping) if property(mapping, "MaximumRetryAttempts", -1) != -1

limited(mapping) if property(mapping, "MaximumRecordAgeInSeconds", -1) != -1

# Routes of a gateway that ask nobody who they are; the browser's own question before a request needs no answer to that.
open_routes(api) := sort([route |
	some path, methods in input.resources[api].properties.Body.paths
	some method, operation in methods
	method != "options"
	operation["x-amazon-apigateway-integration"]
	not guarded(operation)
	route := sprintf("%s %s", [upper(trim_prefix(method, "x-amazon-apigateway-")), path])
])

guarded(operation) if {
	some scheme in operation.security
	not "NONE" in object.keys(scheme)
}

limits_callers(api) if has(api, "Policy")

limits_callers(api) if input.resources[api].properties.Body["x-amazon-apigateway-policy"]

violation contains make_diag("API_OPEN", "ERROR", api, text) if {
	some kind in {"AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"}
	some api in resources_of_type(kind)
	routes := open_routes(api)
	count(routes) > 0
	not limits_callers(api)
	text := sprintf("Anybody may call %s.\nwhy: The code alone decides who may do what.\nfix: Give the API an authorizer, if it is not meant for everybody.\nseverity: low", [concat(", ", routes)])
}

# Functions that are invoked without anybody waiting for the answer.
asked contains name if {
	some rule in resources_of_type("AWS::Events::Rule")
	some target in input.resources[rule].properties.Targets
	name := behind(target.Arn)
}

asked contains name if {
	some subscription in resources_of_type("AWS::SNS::Subscription")
	name := behind(input.resources[subscription].properties.Endpoint)
}

asked contains name if {
	some permission in resources_of_type("AWS::Lambda::Permission")
	input.resources[permission].properties.Principal == "s3.amazonaws.com"
	name := behind(input.resources[permission].properties.FunctionName)
}

caught contains name if {
	some config in resources_of_type("AWS::Lambda::EventInvokeConfig")
	input.resources[config].properties.DestinationConfig.OnFailure
	name := behind(input.resources[config].properties.FunctionName)
}

caught contains name if {
	some name in resources_of_type("AWS::Lambda::Function")
	has(name, "DeadLetterConfig")
}

violation contains make_diag("EVENT_LOST_ON_FAILURE", "ERROR", name, text) if {
	some name in asked
	not name in caught
	text := sprintf("An event that %s cannot handle is gone after three attempts.\nwhy: Nobody who sent it waits for an answer, so nobody sees that it failed.\nfix: Give the function a DeadLetterQueue, or an EventInvokeConfig with an OnFailure destination.\nseverity: low", [name])
}

# Doors of firewalls: those that a security group has, and those that stand beside it.
doors contains {"resource": name, "at": at, "door": door} if {
	some name in resources_of_type("AWS::EC2::SecurityGroup")
	some index, door in input.resources[name].properties.SecurityGroupIngress
	at := sprintf("Properties.SecurityGroupIngress.%d", [index])
}

doors contains {"resource": name, "at": "Properties", "door": door} if {
	some name in resources_of_type("AWS::EC2::SecurityGroupIngress")
	door := input.resources[name].properties
}

# Whom a door lets in, when that is everybody: the key that says so.
crowds(door) := "CidrIp" if door.CidrIp == "0.0.0.0/0"

crowds(door) := "CidrIpv6" if {
	door.CidrIpv6 == "::/0"
	not door.CidrIp == "0.0.0.0/0"
}

# Web servers are meant for everybody, and a ping tells nobody anything.
meant(door) if {
	port := format(door.FromPort)
	port in {"80", "443"}
	format(door.ToPort) == port
}

meant(door) if format(door.IpProtocol) in {"icmp", "icmpv6", "1", "58"}

meant(door) if is_object(door.FromPort)

meant(door) if is_object(door.IpProtocol)

format(value) := sprintf("%v", [value])

violation contains make_diag_at("FIREWALL_OPEN", "ERROR", found.resource, path, text) if {
	some found in doors
	key := crowds(found.door)
	not meant(found.door)
	path := concat(".", [found.at, key])
	text := sprintf("%s lets the whole internet in, and not only to web servers.\nwhy: Databases and shells that listen are found within minutes.\nfix: Name the addresses or security groups that need it.\nseverity: high", [found.resource])
}
