#!/usr/bin/env dotnet
#:package Mayfly
using Mayfly;

// What is wrong with it, if anything, is said by the environment: one compiled script serves many tests.
var fault = Environment.GetEnvironmentVariable("FAULT");
var stack = new Stack("faulty", Debian.Bookworm.Hold(Environment.GetEnvironmentVariable("HELD")?.Split(' ') ?? []));

var word = Environment.GetEnvironmentVariable("WORD") ?? "hello";
var store = stack.Component("store").Copy("server.pl", "/srv/server.pl").Run("perl", "/srv/server.pl", "8000", "the store")
    .Owns("/var/lib/kept").Listens(8000).Checks(Check.Http(8000));
var pages = stack.Component("pages").Copy("server.pl", "/srv/server.pl").Run("perl", "/srv/server.pl", "8000", word)
    .Uses(store).Listens(8000, "http").Checks(Check.Http(8000)).Publishes(18087);
stack.Machine("box").Hosts(store, pages);

switch (fault)
{
    case "unknown-package":
        pages.Install("no-such-package-anywhere");
        break;
    case "impossible-versions":
        pages.Install("wants-old", "wants-new");
        break;
    case "no-such-version":
        pages.Install("lib=9.9");
        break;
    case "hostile":
        pages.Install(Environment.GetEnvironmentVariable("HOSTILE")!);
        break;
    case "never-healthy":
        pages.Sets("SILENT", "yes").Checks(Check.Http(8000).Within(TimeSpan.FromSeconds(2)));
        break;
    case "ends-at-once":
        pages.Sets("ENDS", "yes").Checks(Check.Http(8000).Within(TimeSpan.FromSeconds(2)));
        break;
    case "circle":
        store.Uses(pages);
        break;
    case "one-name":
        stack.Machine("other").Hosts(stack.Component("pages").Run("true"));
        break;
    case "one-path":
        pages.Copy("stack.cs", "/srv/server.pl");
        break;
    case "one-port":
        store.Publishes(18087);
        break;
    case "open-quote":
        pages.Build("sh -c 'echo");
        break;
    case "broken-step":
        pages.Build("sh -c 'echo this step is broken; exit 7'");
        break;
}

return await stack.RunAsync(args);
