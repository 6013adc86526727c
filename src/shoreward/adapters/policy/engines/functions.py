"""Functions that come with Rego: what they take, and those that are not to be had here."""

from __future__ import annotations

from collections.abc import Mapping

NOT_HERE: Mapping[str, str] = {
    "http.send": "asks the network",
    "net.lookup_ip_addr": "asks the network",
    "opa.runtime": "tells of the machine that it runs on",
    "rand.intn": "is a matter of chance",
    "uuid.rfc4122": "is a matter of chance",
    "urlquery.encode": "writes other than OPA does",
    "urlquery.encode_object": "writes other than OPA does",
}
"""Functions whose answers are no property of the template, or not OPA's."""

TAKEN: Mapping[str, int] = {
    name: count
    for count, names in (
        (1, "abs ceil count floor is_array is_boolean is_null is_number is_object is_set is_string json.marshal "
            "json.unmarshal lower max min object.keys product round sort sum to_number trim_space type_name upper "
            "walk"),
        (2, "array.concat concat contains endswith indexof json.filter json.patch json.remove numbers.range "
            "object.filter object.remove object.union regex.match regex.split split sprintf startswith trim trim_left "
            "trim_prefix trim_right trim_suffix"),
        (3, "array.slice object.get regex.replace replace substring"),
    )
    for name in names.split()
}  # fmt: skip
"""How many values functions take; one more is a name for the answer."""

NAMESPACES = frozenset((
    "array", "base64", "base64url", "bits", "crypto", "glob", "graph", "hex", "http", "io", "json", "net", "numbers",
    "object", "opa", "rand", "regex", "rego", "semver", "strings", "time", "units", "urlquery", "uuid", "yaml",
))  # fmt: skip
"""First parts of the names of functions that come with the language."""
