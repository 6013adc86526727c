"""The forecast: what each resource of a sandbox costs by being there, and what a thousand test requests cost.

Prices are list prices of one region (`prices.json`), so the sum is an order of magnitude and no invoice. A type, or a
size, that is not in the table is named as unknown and never counted as free.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shoreward.app.sandboxes.costs.prices import Prices, prices
from shoreward.spec.template.plain import Json, mapping, several
from shoreward.spec.template.resolving import Resolved, properties


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a resource costs, US dollars.

    Attributes:
        name: its logical id.
        hourly: by being there, for an hour.
        thousand: for a thousand test requests.
    """

    name: str
    type: str
    hourly: float = 0.0
    thousand: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a sandbox costs, US dollars.

    Attributes:
        costs: of its resources that cost anything, dearest first.
        unknown: types whose price is not known, each with the size where that is what nobody knows; sorted.
        as_of: the month that the prices are of.
    """

    costs: tuple[Cost, ...] = ()
    unknown: tuple[str, ...] = ()
    as_of: str = ""

    @property
    def hourly(self) -> float:
        """For an hour in which nobody uses it."""
        return sum(cost.hourly for cost in self.costs)

    @property
    def thousand(self) -> float:
        """For a thousand test requests."""
        return sum(cost.thousand for cost in self.costs)


class _Unknown(Exception):
    """Nobody knows the price of this size."""


def forecast(resolved: Resolved) -> Forecast:
    """The forecast of a resolved template."""
    table = prices()
    costs: list[Cost] = []
    unknown: set[str] = set()
    for name, resource in resolved.resources.items():
        kind = str(resource.get("Type", ""))
        try:
            hourly, request = _price(_Priced(name, kind, properties(resource), resolved, table))
        except _Unknown as why:
            unknown.add(f"{kind} ({why})" if str(why) else kind)
            continue
        if hourly or request:
            costs.append(Cost(name=name, type=kind, hourly=hourly, thousand=1_000 * request))
    costs.sort(key=lambda cost: (-cost.hourly, -cost.thousand, cost.name))
    return Forecast(costs=tuple(costs), unknown=tuple(sorted(unknown)), as_of=table.as_of)


@dataclass(frozen=True, slots=True)
class _Priced:
    """A resource that is priced, with all that its price depends on."""

    name: str
    kind: str
    values: Mapping[str, Json]
    resolved: Resolved
    table: Prices

    def number(self, value: Json, default: float | None = None) -> float:
        """A number of the template, which must be known."""
        value = default if value is None else value
        try:
            return float(str(value))
        except ValueError:
            raise _Unknown("its size is not known before it is there") from None

    def rate(self, service: str, *names: str) -> float:
        """A price of the table."""
        found: Json = self.table.rates[service]
        for name in names:
            if name not in found:
                raise _Unknown(name)
            found = found[name]
        return float(found)


Price = tuple[float, float]
"""Per hour, and per request."""


def _price(one: _Priced) -> Price:
    if (act := _BY_PROPERTIES.get(one.kind)) is not None:
        return act(one)
    hourly, request = one.table.hourly.get(one.kind), one.table.per_request.get(one.kind)
    if hourly is None and request is None and not one.table.is_free(one.kind):
        raise _Unknown
    return hourly or 0.0, request or 0.0


def _function(one: _Priced) -> Price:
    gigabytes = one.number(one.values.get("MemorySize"), 128) / 1024
    architecture = _architecture(one.values)
    seconds = float(one.table.request["seconds"])
    request = one.rate("lambda", "request") + gigabytes * seconds * one.rate("lambda", "gb_second", architecture)
    snap = mapping(one.values.get("SnapStart")).get("ApplyOn") == "PublishedVersions"
    paid = snap and not str(one.values.get("Runtime", "")).startswith("java")
    return gigabytes * 3_600 * one.rate("lambda", "snapshot_gb_second") if paid else 0.0, request


def _alias(one: _Priced) -> Price:
    provisioned = mapping(one.values.get("ProvisionedConcurrencyConfig"))
    if not provisioned:
        return 0.0, 0.0
    amount = one.number(provisioned.get("ProvisionedConcurrentExecutions"))
    function = one.resolved.of_type("AWS::Lambda::Function").get(_referred(one.values.get("FunctionName")))
    if function is None:
        raise _Unknown("provisioned concurrency of a function that is not in the template")
    gigabytes = one.number(function.get("MemorySize"), 128) / 1024
    rate = one.rate("lambda", "provisioned_gb_second", _architecture(function))
    return amount * gigabytes * 3_600 * rate, 0.0


def _mapping_of_events(one: _Priced) -> Price:
    """Lambda asks a queue for messages all the time, and each asking is a request."""
    source = str(one.values.get("EventSourceArn", ""))
    queue = ":sqs:" in source or _referred(one.values.get("EventSourceArn")) in one.resolved.of_type("AWS::SQS::Queue")
    return (one.rate("sqs", "polls_per_hour") * one.rate("sqs", "standard_request") if queue else 0.0), 0.0


def _table(one: _Priced) -> Price:
    if one.values.get("BillingMode") == "PAY_PER_REQUEST":
        return 0.0, one.rate("dynamodb", "read_request") + one.rate("dynamodb", "write_request")
    units = [
        mapping(each.get("ProvisionedThroughput"))
        for each in (one.values, *(mapping(index) for index in several(one.values.get("GlobalSecondaryIndexes"))))
    ]
    reads = sum(one.number(each.get("ReadCapacityUnits"), 0) for each in units)
    writes = sum(one.number(each.get("WriteCapacityUnits"), 0) for each in units)
    hourly = reads * one.rate("dynamodb", "read_capacity_hour") + writes * one.rate("dynamodb", "write_capacity_hour")
    return hourly, 0.0


def _queue(one: _Priced) -> Price:
    fifo = str(one.values.get("FifoQueue", "")).lower() == "true"
    return 0.0, 3 * one.rate("sqs", "fifo_request" if fifo else "standard_request")


def _stream(one: _Priced) -> Price:
    mode = mapping(one.values.get("StreamModeDetails")).get("StreamMode")
    if mode == "ON_DEMAND" or (mode is None and "ShardCount" not in one.values):
        return one.rate("kinesis", "on_demand_stream_hour"), one.rate("kinesis", "record")
    return one.number(one.values.get("ShardCount"), 1) * one.rate("kinesis", "shard_hour"), one.rate(
        "kinesis", "record"
    )


def _machine(one: _Priced) -> Price:
    if one.values.get("StateMachineType") == "EXPRESS":
        return 0.0, one.rate("states", "express_request")
    return 0.0, float(one.table.request["steps"]) * one.rate("states", "transition")


def _rest_stage(one: _Priced) -> Price:
    if str(one.values.get("CacheClusterEnabled", "")).lower() == "true":
        raise _Unknown("its cache")
    return 0.0, 0.0


def _database(one: _Priced) -> Price:
    aurora = "aurora" in str(one.values.get("Engine", "")) or "DBClusterIdentifier" in one.values
    kind = str(one.values.get("DBInstanceClass", ""))
    if kind == "db.serverless":
        return 0.0, 0.0  # its cluster's capacity is what costs
    hourly = one.rate("rds", "aurora_class_hour" if aurora else "class_hour", kind)
    storage = one.number(one.values.get("AllocatedStorage"), 0) * one.rate("rds", "gb_month")
    zones = 2 if str(one.values.get("MultiAZ", "")).lower() == "true" else 1
    return zones * (hourly + storage / one.table.hours_per_month), 0.0


def _database_cluster(one: _Priced) -> Price:
    scaling = mapping(one.values.get("ServerlessV2ScalingConfiguration"))
    if "ServerlessV2ScalingConfiguration" in one.values:
        return one.number(scaling.get("MinCapacity"), 0.5) * one.rate("rds", "aurora_unit_hour"), 0.0
    if "DBClusterInstanceClass" in one.values or one.values.get("EngineMode") == "serverless":
        raise _Unknown("a cluster of this kind")
    return 0.0, 0.0  # its instances are what costs


def _cache(one: _Priced) -> Price:
    nodes = one.number(one.values.get("NumCacheNodes", one.values.get("NumCacheClusters")), 1)
    groups = one.number(one.values.get("NumNodeGroups"), 1) * (
        1 + one.number(one.values.get("ReplicasPerNodeGroup"), 0)
    )
    return max(nodes, groups) * one.rate("elasticache", "node_hour", str(one.values.get("CacheNodeType", ""))), 0.0


def _search(one: _Priced) -> Price:
    cluster = mapping(one.values.get("ClusterConfig", one.values.get("ElasticsearchClusterConfig")))
    kind = str(cluster.get("InstanceType", "m6g.large.search")).replace(".elasticsearch", ".search")
    if str(cluster.get("DedicatedMasterEnabled", "")).lower() == "true" or cluster.get("WarmEnabled"):
        raise _Unknown("masters or warm nodes")
    return one.number(cluster.get("InstanceCount"), 1) * one.rate("opensearch", "instance_hour", kind), 0.0


def _service(one: _Priced) -> Price:
    name = _referred(one.values.get("TaskDefinition"))
    task = one.resolved.of_type("AWS::ECS::TaskDefinition").get(name)
    if task is None or one.values.get("LaunchType") != "FARGATE":
        raise _Unknown("a service that does not run on Fargate with a task of this template")
    hourly = one.number(task.get("Cpu")) / 1024 * one.rate("fargate", "cpu_hour")
    hourly += one.number(task.get("Memory")) / 1024 * one.rate("fargate", "gb_hour")
    return one.number(one.values.get("DesiredCount"), 1) * hourly, 0.0


def _endpoint(one: _Priced) -> Price:
    if one.values.get("VpcEndpointType", "Gateway") == "Gateway":
        return 0.0, 0.0
    return max(1, len(several(one.values.get("SubnetIds")))) * one.rate("endpoint", "zone_hour"), 0.0


def _alarm(one: _Priced) -> Price:
    metrics = max(1, sum("MetricStat" in mapping(each) for each in several(one.values.get("Metrics"))))
    quick = one.number(one.values.get("Period"), 60) < 60
    return metrics * one.rate("alarm", "quick_month" if quick else "month") / one.table.hours_per_month, 0.0


def _composite_alarm(one: _Priced) -> Price:
    return one.rate("alarm", "composite_month") / one.table.hours_per_month, 0.0


_BY_PROPERTIES: Mapping[str, Callable[[_Priced], Price]] = {
    "AWS::ApiGateway::Stage": _rest_stage,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::CompositeAlarm": _composite_alarm,
    "AWS::DynamoDB::Table": _table,
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::ECS::Service": _service,
    "AWS::ElastiCache::CacheCluster": _cache,
    "AWS::ElastiCache::ReplicationGroup": _cache,
    "AWS::Kinesis::Stream": _stream,
    "AWS::Lambda::Alias": _alias,
    "AWS::Lambda::EventSourceMapping": _mapping_of_events,
    "AWS::Lambda::Function": _function,
    "AWS::Elasticsearch::Domain": _search,
    "AWS::OpenSearchService::Domain": _search,
    "AWS::RDS::DBCluster": _database_cluster,
    "AWS::RDS::DBInstance": _database,
    "AWS::SQS::Queue": _queue,
    "AWS::StepFunctions::StateMachine": _machine,
}


def _architecture(function: Mapping[str, Json]) -> str:
    return "arm64" if "arm64" in several(function.get("Architectures")) else "x86_64"


def _referred(value: Json) -> str:
    """The logical id that a value refers to, "" for none."""
    found = mapping(value)
    if isinstance(name := found.get("Ref"), str):
        return name
    parts = several(found.get("Fn::GetAtt"))
    return str(parts[0]).split(".")[0] if parts else ""
