using Mayfly.Images;
using Mayfly.Machines;
using Mayfly.Packages.Debian.Licences;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Locking;
using Mayfly.Spec;

namespace Mayfly.Tests.Reference;

/// <summary>The code of docs/reference/stack.md: each block there stands here and runs here.</summary>
public sealed class StackReferenceTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void What_bears_on_every_choice_is_said_of_the_release()
    {
        var release = Debian.Bookworm
            .With(Suite.Backports)
            .Architectures("i386")
            .Pin("nginx*", "1.22.*", priority: 1001)
            .Pin("*", "release n=bookworm-backports,o=Debian*", priority: 50)
            .Hold("postgresql-15");

        Assert.Equal(
            ["suite bookworm-backports", "architecture i386", "pin nginx*: version 1.22.*, priority 1001", "pin *: release n=bookworm-backports,o=Debian*, priority 50", "hold postgresql-15"],
            release.Preferences.Checked().Lines);
        Assert.Throws<MayflyException>(() => Debian.Bookworm.Pin("nginx", "release x=1", priority: 5).Preferences.Checked());
        Assert.Throws<MayflyException>(() => Debian.Bookworm.Pin("*", "1.22.*", priority: 5).Preferences.Checked());
        Assert.Throws<MayflyException>(() => Debian.Bookworm.Pin("nginx", "1.22.*", priority: 0).Preferences.Checked());
    }

    [Fact]
    public void The_general_form_says_everything_of_a_server()
    {
        Put("conf/search.conf", "index /var/lib/search\n");
        Put("conf/peers.conf.template", "orders = {{ orders.host }}:{{ orders.port }}\nzone = {{ stack.zone }}\ncolour = {{ colour }}\n");
        var shop = New();
        var orders = shop.Database("orders", Engine.PostgreSql);

        var search = shop.Component("search")
            .Install("webfs", "python3-minimal")
            .Copy("conf/search.conf", "/etc/search/search.conf", owner: "root:www-data", mode: 0b110_100_000)
            .Template("conf/peers.conf.template", "/etc/search/peers.conf", new Dictionary<string, string> { ["colour"] = "blue" })
            .Write("/etc/search/motd", "Built by stack.cs; edit that.\n")
            .Build("python3 -m compileall -q /usr/lib/python3/dist-packages")
            .Owns("/var/lib/search", owner: "www-data:www-data")
            .Needs("/run/search", owner: "www-data:www-data")
            .Prepares("test", "-d", "/var/lib/search")
            .As("www-data")
            .In("/var/lib/search")
            .Sets("LANG", "C.UTF-8")
            .Sets("API_KEY", Secret.Generated())
            .Uses(orders)
            .Run("webfsd", "-F", "-p", "9000", "-r", "/var/lib/search")
            .Listens(9000, "http")
            .Checks(Check.Http(9000, "/").Within(TimeSpan.FromSeconds(20)))
            .StopsOn("SIGINT", TimeSpan.FromSeconds(5));

        shop.Machine("box").Hosts(orders, search);
        var spec = StackReader.Read(shop)["search"];
        Assert.Equal(["python3-minimal", "webfs"], spec.Packages);
        Assert.Contains(spec.Instance.Secrets, use => use.Variable == "API_KEY" && use.Secret == "search-api-key");
        Assert.Equal(TimeSpan.FromSeconds(20), spec.Instance.Health!.Grace);
        Assert.Equal("SIGINT", spec.Instance.StopSignal);
        Assert.Equal("/var/lib/search", Assert.Single(spec.Instance.Volumes).Path);
        Assert.Contains(spec.Recipe.Steps.OfType<FileStep>().SelectMany(step => step.Files), file => file.Text?.Contains("orders = orders.shop.internal:5432") == true);
    }

    [Fact]
    public void Python_packages_are_an_environment_over_the_debian_ones()
    {
        Put("app/shop/wsgi.py", "application = None\n");
        Put("requirements.txt", "django\n");
        Put("pyproject.toml", "[project]\nname = \"worker\"\nversion = \"1\"\n");
        var shop = New();

        var web = shop.Apache("web").Wsgi("app", "shop/wsgi.py", requirements: "requirements.txt");
        var worker = shop.Component("worker")
            .Install("python3")
            .Pip("pyproject.toml", into: "/srv/worker/env", systemPackages: true, allowBuild: ["mysqlclient"])
            .Run("/srv/worker/env/bin/python", "-m", "worker");

        shop.Machine("box").Hosts(web, worker);
        var spec = StackReader.Read(shop);
        Assert.Equal(["apache2", "libapache2-mod-wsgi-py3", "python3"], spec["web"].Packages);
        Assert.Equal(new ImageEnvironment("/srv/env"), Assert.Single(spec["web"].Recipe.Environments));
        Assert.Contains(spec["web"].Recipe.Steps.OfType<FileStep>().SelectMany(static step => step.Files), static file => file.Text?.Contains(" python-home=/srv/env ") == true);
        Assert.Equal(new ImageEnvironment("/srv/worker/env", SystemPackages: true), Assert.Single(spec["worker"].Recipe.Environments));
        var asked = Assert.Single(spec["worker"].Environments);
        Assert.Equal(new EnvironmentRequest("worker", Path.Combine(_folder.FullName, "pyproject.toml"), "/srv/worker/env"), asked with { Builds = BuildPermission.None });
        Assert.True(asked.Builds.Allows(ProjectName.Parse("MySQLclient")) && !asked.Builds.Allows(ProjectName.Parse("django")));
        Assert.False(Assert.Single(spec["web"].Environments).Builds.Allows(ProjectName.Parse("django")));
        Assert.Equal("component worker has Python packages at /srv/worker/env and at /srv/worker/env/more",
            Assert.Throws<MayflyException>(() => { worker.Pip("requirements.txt", "/srv/worker/env/more"); StackReader.Read(shop); }).Message);
    }

    [Fact]
    public void Presets_are_components_that_begin_half_described()
    {
        Put("app/shop/wsgi.py", "application = None\n");
        Put("public/robots.txt", "User-agent: *\n");
        var shop = New();

        var orders = shop.Database("orders", Engine.PostgreSql);
        var stock = shop.Database("stock", Engine.MariaDb);
        var cache = shop.Memcached("cache").Holds(megabytes: 128);
        var sessions = shop.Redis("sessions").Durable();
        var web = shop.Apache("web")
            .Wsgi("app", "shop/wsgi.py", processes: 2, threads: 8)
            .Static("/static/", "/srv/app/static", immutable: true)
            .ChecksPage("/healthz")
            .Install("python3-django", "python3-psycopg2")
            .Migrates("python3 manage.py migrate --noinput")
            .Uses(orders, stock, cache, sessions)
            .Replicas(2);
        var www = shop.Nginx("www")
            .Balances(web)
            .Serves("/public/", "public")
            .With("add_header X-Frame-Options DENY;")
            .Publishes(8080);

        shop.Machine("box").Hosts(www, web, orders, stock, cache, sessions);
        var spec = StackReader.Read(shop);
        Assert.Equal(["orders", "stock", "cache", "sessions", "web", "www"], spec.Components.Select(component => component.Name));
        Assert.Equal(2, spec.Placement.Count(placed => placed.Component == "web"));
        Assert.Contains("DATABASE_URL", spec["web"].Instance.Secrets.Select(use => use.Variable));
        Assert.Contains("STOCK_URL", spec["web"].Instance.Secrets.Select(use => use.Variable));
        Assert.Contains("CACHE_URL", spec["web"].Instance.Environment.Keys);
    }

    [Fact]
    public void Placement_is_the_only_thing_that_knows_machines()
    {
        var shop = New();
        var (www, web, data) = (shop.Component("www").Run("a"), shop.Component("web").Run("a"), shop.Component("data").Run("a"));

        if (shop.Option("placement", "one", "four") == "one")
        {
            shop.Machine("box").Hosts(www, web, data);
        }
        else
        {
            shop.Machine("edge", Size.Small).Hosts(www);
            shop.Machine("app", Size.Medium, count: 2).Hosts(web);
            shop.Machine("data", new Size(Cpus: 1.5, Memory: 3L << 30, Processes: 500)).Hosts(data);
        }

        Assert.Equal([new MachineSpec("box")], StackReader.Read(shop).Machines);
    }

    [Fact]
    public async Task Tests_and_tasks_are_plain_code()
    {
        var shop = New();
        var web = shop.Component("web").Run("a").Listens(8000, "http").Publishes(8080);
        shop.Machine("box").Hosts(web);

        shop.Test("the front page answers", async live => Expect.Contains("<title>", await live.GetAsync("/")));
        shop.Test("both replicas run", live =>
        {
            Expect.Equal(2, live.On(web).Replicas);
            return Task.CompletedTask;
        });
        shop.Task("load-catalogue", async live => live.Say(await live.On(web).Exec("python3 manage.py loaddata catalogue")));

        Assert.Equal(["the front page answers", "both replicas run"], shop.Tests.Select(test => test.Name));
        Assert.Equal("load-catalogue", Assert.Single(shop.Tasks).Name);
        await Task.CompletedTask;
    }

    [Fact]
    public void Licences_are_a_policy()
    {
        var shop = New();
        shop.Machine("box").Hosts(shop.Component("web").Run("a"));

        shop.Licences
            .Deny("AGPL-*", "SSPL-*")
            .AllowPackage("ghostscript", "AGPL-3.0-or-later", because: "it runs on its own; counsel agreed in March");

        var policy = StackReader.Read(shop).Licences;
        Assert.Equal(["Deny(\"AGPL-*\")", "Deny(\"SSPL-*\")"], policy.Rules.Select(rule => rule.ToString()));
        Assert.Equal("AllowPackage(\"ghostscript\", \"AGPL-3.0-or-later\")", Assert.Single(policy.Exceptions).ToString());
        Assert.True(Policy(shop => shop.Licences.Allow("ISC").AcceptUnread()) is { IsAllowList: true, RefusesUnread: false });
        Assert.True(Policy(_ => { }).IsEmpty);

        LicencePolicy Policy(Action<Stack> say)
        {
            var other = New();
            other.Machine("box").Hosts(other.Component("web").Run("a"));
            say(other);
            return StackReader.Read(other).Licences;
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("GPL-*-only")]
    public void A_rule_names_a_licence_or_its_beginning(string licence)
    {
        // Told when the script is read, as all that is wrong in it, not thrown out of it.
        var (unnamed, unexplained) = (New(), New());
        unnamed.Licences.Deny(licence);
        unexplained.Licences.AllowPackage("ghostscript", because: " ");
        Assert.Contains("names no licence", Assert.Throws<MayflyException>(() => Read(unnamed)).Message);
        Assert.Equal("ghostscript is allowed without a reason", Assert.Throws<MayflyException>(() => Read(unexplained)).Message);

        static void Read(Stack stack)
        {
            stack.Machine("box").Hosts(stack.Component("web").Run("a"));
            StackReader.Read(stack);
        }
    }

    [Fact]
    public void Secrets_come_from_three_places()
    {
        var shop = New();
        var web = shop.Component("web").Run("a");
        shop.Machine("box").Hosts(web);

        web.Sets("SECRET_KEY", Secret.Generated())
            .Sets("STRIPE_KEY", Secret.FromEnvironment("STRIPE_KEY"))
            .Sets("LICENCE", Secret.FromFile("licence.secret"));

        Assert.Equal(["web-licence", "web-secret-key", "web-stripe-key"], StackReader.Read(shop).Secrets.Select(secret => secret.Name));
    }

    private Stack New() => new("shop", Debian.Bookworm, Path.Combine(_folder.FullName, "stack.cs"));

    private void Put(string file, string text)
    {
        var path = Path.Combine(_folder.FullName, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
