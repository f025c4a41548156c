#!/usr/bin/env dotnet
#:package Mayfly
using Mayfly;

var stack = new Stack("unheard", Debian.Bookworm);

// webfs is known to nobody but Debian: everything about it is said here.
var pages = stack.Component("pages")
    .Install("webfs")
    .Copy("pages", "/srv/pages")
    .Template("about.html.template", "/srv/pages/about.html")
    .Build("sh -c 'ls /srv/pages > /srv/pages/index.txt'")
    .Sets("COLOUR", "blue")
    .As("www-data")
    .Run("webfsd", "-F", "-p", "8000", "-r", "/srv/pages")
    .Listens(8000, "http")
    .Checks(Check.Http(8000, "/about.html"))
    .Publishes(8085);

stack.Machine("box", Size.Small).Hosts(pages);

stack.Test("the page says where it is", async live => Expect.Contains("pages.unheard.internal", await live.GetAsync("/about.html")));
stack.Test("it runs as a plain user without capabilities", async live =>
{
    Expect.Equal("www-data", (await live.On(pages).Exec("id -un")).Trim());
    Expect.Contains("CapEff:\t0000000000000000", await live.On(pages).Exec("cat /proc/self/status"));
});
stack.Task("list", async live => live.Say(await live.GetAsync("/index.txt")));

return await stack.RunAsync(args);
