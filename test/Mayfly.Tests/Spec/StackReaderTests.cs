using Mayfly.Images;
using Mayfly.Spec;

namespace Mayfly.Tests.Spec;

public sealed class StackReaderTests
{
    [Fact]
    public void A_component_is_started_after_all_that_it_uses()
    {
        var stack = new Stack("shop", Debian.Bookworm);
        var www = Server(stack, "www");
        var web = Server(stack, "web");
        var cache = Server(stack, "cache");
        www.Uses(web);
        web.Uses(cache);
        stack.Machine("box").Hosts(www, web, cache);

        Assert.Equal(["cache", "web", "www"], StackReader.Read(stack).Components.Select(component => component.Name));
    }

    [Fact]
    public void A_circle_of_uses_is_refused_and_shown()
    {
        var stack = new Stack("shop", Debian.Bookworm);
        var a = Server(stack, "a");
        var b = Server(stack, "b");
        a.Uses(b);
        b.Uses(a);
        stack.Machine("box").Hosts(a, b);

        Refused(stack, "a → b → a");
    }

    [Fact]
    public void Two_components_cannot_claim_one_name()
    {
        var stack = new Stack("shop", Debian.Bookworm);
        stack.Machine("box").Hosts(Server(stack, "web"), Server(stack, "web"));

        Refused(stack, "two components claim the name web");
    }

    [Fact]
    public void Two_files_cannot_claim_one_path()
    {
        var stack = new Stack("shop", Debian.Bookworm);
        stack.Machine("box").Hosts(Server(stack, "web").Write("/etc/a", "1").Write("/etc/a", "2"));

        Refused(stack, "component web puts two things at /etc/a");
    }

    [Theory]
    [InlineData("Web")]
    [InlineData("we_b")]
    [InlineData("-web")]
    [InlineData("web-2")]
    [InlineData("base")]
    [InlineData("")]
    public void A_name_that_is_no_hostname_of_its_own_is_refused(string name)
    {
        var stack = new Stack("shop", Debian.Bookworm);
        stack.Machine("box").Hosts(Server(stack, name));

        Refused(stack, $"`{name}` cannot be a component's name");
    }

    [Fact]
    public void A_component_with_data_has_one_replica()
    {
        var stack = new Stack("shop", Debian.Bookworm);
        stack.Machine("box", count: 2).Hosts(Server(stack, "orders").Owns("/var/lib/orders"));

        Refused(stack, "component orders owns data and would have 2 replicas");
    }

    [Fact]
    public void A_component_needs_a_machine()
    {
        var stack = new Stack("shop", Debian.Bookworm);
        var web = Server(stack, "web");
        Server(stack, "lost");
        stack.Machine("box").Hosts(web);

        Refused(stack, "component lost is on no machine");
    }

    [Fact]
    public void A_port_of_the_host_is_published_once()
    {
        var stack = new Stack("shop", Debian.Bookworm);
        stack.Machine("box").Hosts(Server(stack, "a").Publishes(8080), Server(stack, "b").Publishes(8080));

        Refused(stack, "components a and b both publish port 8080");
    }

    [Fact]
    public void Replicas_are_spread_over_the_machines_that_host_them()
    {
        var stack = new Stack("shop", Debian.Bookworm);
        stack.Machine("app", count: 2).Hosts(Server(stack, "web").Replicas(3));

        Assert.Equal(
            [new Placed("web", 1, "app-1"), new Placed("web", 2, "app-2"), new Placed("web", 3, "app-1")],
            StackReader.Read(stack).Placement);
    }

    [Fact]
    public void A_user_is_told_where_its_database_is_and_the_password_only_by_name()
    {
        var stack = new Stack("shop", Debian.Bookworm);
        var orders = stack.Database("orders", Engine.PostgreSql);
        stack.Machine("box").Hosts(orders, Server(stack, "web").Uses(orders));

        var web = StackReader.Read(stack)["web"].Instance;

        Assert.Equal("orders.shop.internal", web.Environment["ORDERS_HOST"]);
        var url = Assert.Single(web.Secrets, use => use.Variable == "DATABASE_URL");
        Assert.StartsWith("postgres://orders:{secret}@orders.shop.internal:5432/", url.Format);
    }

    [Fact]
    public void The_engine_of_a_database_is_one_word()
    {
        var stack = new Stack("shop", Debian.Bookworm);
        var orders = stack.Database("orders", Engine.MariaDb);
        stack.Machine("box").Hosts(orders, Server(stack, "web").Uses(orders));

        var url = Assert.Single(StackReader.Read(stack)["web"].Instance.Secrets, use => use.Variable == "DATABASE_URL");

        Assert.StartsWith("mysql://orders:{secret}@orders.shop.internal:3306/", url.Format);
    }

    [Fact]
    public void A_variable_that_names_a_peer_by_address_is_refused()
    {
        var stack = new Stack("shop", Debian.Bookworm);
        stack.Machine("box").Hosts(Server(stack, "web").Sets("SEARCH_URL", "http://10.1.2.3:9200/"));

        Refused(stack, "component web, variable SEARCH_URL names a peer by the address 10.1.2.3");
    }

    [Fact]
    public void A_template_with_an_unknown_name_says_where_and_what_is_known()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "app.conf"), "zone {{ stack.zone }}\npeer {{ order.host }}\n");
            var stack = new Stack("shop", Debian.Bookworm, Path.Combine(folder.FullName, "stack.cs"));
            stack.Machine("box").Hosts(Server(stack, "web").Template("app.conf", "/etc/app.conf"));

            var failure = Refused(stack, "app.conf:2: nothing is called `order.host`");
            Assert.Contains("stack.zone", failure.Hint);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_template_is_rendered_with_hostnames_of_what_is_used()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "app.conf"), "peer {{ search.host }}:{{ search.port }} {{ colour }}");
            var stack = new Stack("shop", Debian.Bookworm, Path.Combine(folder.FullName, "stack.cs"));
            var search = Server(stack, "search");
            stack.Machine("box").Hosts(search, Server(stack, "web").Uses(search).Template("app.conf", "/etc/app.conf", new Dictionary<string, string> { ["colour"] = "blue" }));

            var step = Assert.IsType<FileStep>(Assert.Single(StackReader.Read(stack)["web"].Recipe.Steps));
            Assert.Equal("peer search.shop.internal:9000 blue", Assert.Single(step.Files).Text);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Component Server(Stack stack, string name) => stack.Component(name).Run("server --foreground").Listens(9000);

    private static MayflyException Refused(Stack stack, string message)
    {
        var failure = Assert.Throws<MayflyException>(() => StackReader.Read(stack));
        Assert.Contains(message, failure.Message);
        Assert.False(string.IsNullOrEmpty(failure.Hint));
        return failure;
    }
}
