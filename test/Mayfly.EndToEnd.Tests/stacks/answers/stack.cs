#!/usr/bin/env dotnet
#:package Mayfly
using Mayfly;

// What it serves is built from sources, in its own image.
var stack = new Stack("answers", Debian.Bookworm);

var worker = stack.Component("worker")
    .Install("python3", "python3-dev", "gcc")
    .Pip("requirements.txt", into: "/srv/env", allowBuild: ["fast"])
    .As("www-data")
    .Run("/srv/env/bin/answer", "8000")
    .Listens(8000, "http")
    .Checks(Check.Http(8000))
    .Publishes(18088);

stack.Machine("box").Hosts(worker);

return await stack.RunAsync(args);
