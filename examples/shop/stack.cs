#!/usr/bin/env dotnet
#:package Mayfly
using System.Text.RegularExpressions;
using Mayfly;

// Ephemera: a small web shop. Nginx in front balances two Apaches that run a Django application, whose data is in PostgreSQL
// and whose pages are in memcached. Every one of them is reached by its hostname: www, web, orders, cache.
var shop = new Stack("shop", Debian.Bookworm);

var orders = shop.Database("orders", Engine.PostgreSql);
var cache = shop.Memcached("cache").Holds(megabytes: 64);

var web = shop.Apache("web")
    .Wsgi("app", module: "shop/wsgi.py", requirements: "requirements.txt", systemPackages: true)
    .Static("/static/", "/srv/static", immutable: true)
    .ChecksPage("/healthz")
    // Both drivers, so that Engine.MariaDb above is the whole change; jQuery is what Django's admin pages link to.
    .Install("python3-django", "python3-psycopg2", "python3-mysqldb", "python3-pymemcache", "libjs-jquery")
    .Build("python3 manage.py collectstatic --noinput --verbosity 0", workingDirectory: "/srv/app")
    .Build("python3 -m compileall -q --invalidation-mode unchecked-hash /srv/app")
    .Sets("SECRET_KEY", Secret.Generated())
    // The shop answers to whatever name its host has; a real one would name its domain here.
    .Sets("ALLOWED_HOSTS", "*")
    .Migrates("python3 manage.py load_catalogue --migrate")
    .Uses(orders, cache)
    .Replicas(2);

var www = shop.Nginx("www").Balances(web).Publishes(8080);

// Placement is the only thing that differs between one machine and four.
if (shop.Option("placement", "one", "four") == "one")
{
    shop.Machine("box").Hosts(www, web, orders, cache);
}
else
{
    shop.Machine("edge", Size.Small).Hosts(www);
    shop.Machine("app", Size.Medium, count: 2).Hosts(web);
    shop.Machine("data", Size.Large).Hosts(orders, cache);
}

shop.Test("the front page lists the catalogue", async live =>
{
    var page = await live.GetAsync("/");
    foreach (var hour in new[] { "Dawn", "Noon", "Dusk", "Night" })
    {
        Expect.Contains($">{hour}</a>", page);
    }

    Expect.Equal(24, Patterns.Product().Matches(page).Count);
});

shop.Test("database and cache answer the application", async live => Expect.Equal("ok\n", await live.GetAsync("/readyz")));

shop.Test("the basket keeps what is put in", async live =>
{
    var page = await live.GetAsync("/things/moon-lamp/");
    Expect.Contains("data-basket=\"0\"", page);
    var form = new Dictionary<string, string>
    {
        ["csrfmiddlewaretoken"] = Patterns.Token().Match(page).Groups[1].Value,
        ["product"] = "moon-lamp",
        ["quantity"] = "2",
    };
    using var answer = await live.Http.PostAsync("cart/add/", new FormUrlEncodedContent(form), live.CancellationToken);
    Expect.True(answer.IsSuccessStatusCode);
    // The next requests may well be answered by the other replica.
    for (var n = 0; n < 4; n++)
    {
        Expect.Contains("data-basket=\"2\"", await live.GetAsync("/cart/"));
    }
});

shop.Test("a page is served from the cache that the replicas share", async live =>
{
    await live.GetAsync("/day/dusk/");
    var page = await live.GetAsync("/day/dusk/");
    Expect.Contains("data-cache=\"hit\"", page);
    Expect.Contains("page from cache, made by web-", page);
});

shop.Test("both web servers answer", async live =>
{
    var seen = new HashSet<string>();
    for (var n = 0; n < 60 && seen.Count < 2; n++)
    {
        using var answer = await live.Http.GetAsync("healthz", live.CancellationToken);
        seen.UnionWith(answer.Headers.GetValues("X-Served-By"));
    }

    Expect.Equal("web-1 web-2", string.Join(' ', seen.Order()));
});

shop.Test("a style sheet may be kept for a year", async live =>
{
    var page = await live.GetAsync("/");
    using var answer = await live.Http.GetAsync(Patterns.StyleSheet().Match(page).Groups[1].Value, live.CancellationToken);
    Expect.Contains("immutable", answer.Headers.CacheControl?.ToString() ?? "");
});

shop.Task("load-catalogue", async live => await live.On(web).Exec("python3 manage.py load_catalogue"));
shop.Task("reset-catalogue", async live => await live.On(web).Exec("python3 manage.py loaddata catalogue"));

return await shop.RunAsync(args);

internal static partial class Patterns
{
    [GeneratedRegex("<li class=\"tile ")]
    public static partial Regex Product();

    [GeneratedRegex("name=\"csrfmiddlewaretoken\" value=\"([^\"]+)\"")]
    public static partial Regex Token();

    [GeneratedRegex("rel=\"stylesheet\" href=\"/([^\"]+)\"")]
    public static partial Regex StyleSheet();
}
