#!/usr/bin/env dotnet
#:package Mayfly
using Mayfly;

// The same Python packages, once below Apache and once run by their environment's own python.
var stack = new Stack("greeter", Debian.Bookworm);

var web = stack.Apache("web").Wsgi("app", "wsgi.py", requirements: "requirements.txt").Publishes(18088)
    .Sets("GREETING", "it's of web").Sets("ONLY_WEB", "1").Sets("SECRET_KEY", Secret.Generated());
var worker = stack.Component("worker")
    .Install("python3")
    .Pip("requirements.txt", into: "/srv/worker/env")
    .As("www-data")
    .Run("/srv/worker/env/bin/greet", "8000")
    .Listens(8000, "http")
    .Checks(Check.Http(8000))
    .Publishes(18089)
    .Sets("GREETING", "of worker").Sets("ONLY_WORKER", "1");

stack.Machine("box").Hosts(web, worker);

stack.Test("both greet out of the environment", async live =>
{
    Expect.Contains(" from /srv/env\n", await live.Http.GetStringAsync("http://web.greeter.internal:8000/"));
    Expect.Contains(" from /srv/worker/env\n", await live.Http.GetStringAsync("http://worker.greeter.internal:8000/"));
});

return await stack.RunAsync(args);
