using System.Diagnostics;
using Mayfly.Machines;
using Mayfly.Presets;

namespace Mayfly.Tests.Presets;

public sealed class PresetTests
{
    public static TheoryData<string, ServicePreset> All() => new()
    {
        { "nginx", NginxPreset.Build(new NginxOptions { Proxies = [new NginxProxy("/", "web.shop.internal", 8000)], Static = [new StaticLocation("/static/", "/srv/static", true)] }) },
        { "apache", ApachePreset.Build(new ApacheOptions { Wsgi = new WsgiApplication("/srv/app/shop/wsgi.py") }) },
        { "apache of files", ApachePreset.Build(new ApacheOptions()) },
        { "memcached", MemcachedPreset.Build(new MemcachedOptions()) },
        { "redis", RedisPreset.Build(new RedisOptions()) },
        { "durable redis", RedisPreset.Build(new RedisOptions { Durable = true }) },
        { "postgresql", PostgreSqlPreset.Build(new PostgreSqlOptions { Database = "orders", PasswordSecret = "orders-password" }) },
        { "mariadb", MariaDbPreset.Build(new MariaDbOptions { Database = "orders", PasswordSecret = "orders-password" }) },
    };

    [Theory]
    [MemberData(nameof(All))]
    public void Runs_as_a_plain_user_from_an_absolute_path_and_is_checked(string name, ServicePreset preset)
    {
        Assert.NotEqual("root", preset.User);
        Assert.StartsWith("/", preset.Command[0]);
        Assert.All(preset.Prepare, command => Assert.Contains(preset.Files, file => file.Path == command[0] && file.Mode == 0b111_101_101));
        Assert.NotNull(preset.Health);
        Assert.NotEmpty(preset.Ports);
        Assert.True(preset.StopSignal.StartsWith("SIG", StringComparison.Ordinal), name);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Names_no_peer_by_address(string name, ServicePreset preset)
    {
        foreach (var file in preset.Files)
        {
            // The one address that a configuration may hold is the stack's own name server.
            var text = file.Text!.Replace("resolver 169.254.53.53", "", StringComparison.Ordinal);
            Assert.DoesNotMatch(@"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b", text);
            Assert.False(text.Contains("localhost", StringComparison.Ordinal), name);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Keeps_what_it_makes_in_places_that_it_declares(string name, ServicePreset preset)
    {
        Assert.All(preset.RuntimeDirectories, place => Assert.StartsWith("/run/", place.Path));
        Assert.All(preset.RuntimeDirectories, place => Assert.StartsWith($"{preset.User}:", place.Owner));
        Assert.All(preset.Volumes, volume => Assert.StartsWith($"{preset.User}:", volume.Owner));
        Assert.Equal(preset.Volumes.Count, name is "durable redis" or "postgresql" or "mariadb" ? 1 : 0);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Scripts_are_sound_shell(string name, ServicePreset preset)
    {
        foreach (var script in preset.Files.Where(file => file.Text!.StartsWith("#!/bin/sh\n", StringComparison.Ordinal)))
        {
            using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-n", "-s"]) { RedirectStandardInput = true, RedirectStandardError = true })!;
            await shell.StandardInput.WriteAsync(script.Text);
            shell.StandardInput.Close();
            var faults = await shell.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(shell.ExitCode == 0 && faults.Length == 0, $"{name}: {script.Path}: {faults}");
        }
    }

    [Fact]
    public void Nginx_asks_for_each_name_while_it_runs()
    {
        var config = NginxPreset.Build(new NginxOptions
        {
            Proxies = [new NginxProxy("/", "web.shop.internal", 8000), new NginxProxy("/api/", "api.shop.internal", 9000)],
            Server = "add_header X-Extra 1;",
        }).Files[0].Text!;
        Assert.Contains("set $component_0 web.shop.internal:8000;\n            proxy_pass http://$component_0;", config, StringComparison.Ordinal);
        Assert.Contains("location /api/ {\n            set $component_1 api.shop.internal:9000;", config, StringComparison.Ordinal);
        Assert.Contains("        add_header X-Extra 1;\n    }\n}\n", config, StringComparison.Ordinal);
        // A name in an upstream block would be resolved once, at the start.
        Assert.DoesNotContain("upstream ", config.Replace("next_upstream ", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Apache_without_an_application_knows_nothing_of_python()
    {
        var preset = ApachePreset.Build(new ApacheOptions { DocumentRoot = "/srv/pages" });
        Assert.Equal(["apache2"], preset.Packages);
        Assert.DoesNotContain("wsgi", preset.Files[0].Text!, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("DocumentRoot /srv/pages", preset.Files[0].Text!, StringComparison.Ordinal);
    }

    [Fact]
    public void Servers_stop_gracefully()
    {
        string Signal(string name) => All().First(row => row.Data.Item1 == name).Data.Item2.StopSignal;
        Assert.Equal("SIGQUIT", Signal("nginx"));
        Assert.Equal("SIGWINCH", Signal("apache"));
        Assert.Equal("SIGINT", Signal("postgresql"));
        Assert.Equal("SIGTERM", Signal("mariadb"));
    }

    [Fact]
    public void Databases_say_how_they_are_reached_and_name_the_secret_only()
    {
        var postgres = PostgreSqlPreset.Build(new PostgreSqlOptions { Database = "orders", Role = "shop", PasswordSecret = "orders-password", Port = 5433 });
        Assert.Equal([new ServiceOffer("DATABASE_URL", "postgres://shop:{secret}@{host}:5433/orders", "orders-password")], postgres.Offers);
        Assert.Equal([new SecretUse("orders-password", "MAYFLY_DATABASE_PASSWORD", null)], postgres.Secrets);
        var mariadb = MariaDbPreset.Build(new MariaDbOptions { Database = "orders", PasswordSecret = "orders-password" });
        Assert.Equal("mysql://orders:{secret}@{host}:3306/orders", mariadb.Offers[0].Format);
        Assert.Equal("memcached://{host}:11211", MemcachedPreset.Build(new MemcachedOptions()).Offers[0].Format);
    }

    [Theory]
    [InlineData("Orders")]
    [InlineData("order-items")]
    [InlineData("o'rders")]
    [InlineData("")]
    [InlineData("a23456789012345678901234567890123")]
    public void A_name_that_would_need_quoting_is_refused(string name)
    {
        var fault = Assert.Throws<MayflyException>(() => PostgreSqlPreset.Build(new PostgreSqlOptions { Database = name, PasswordSecret = "secret" }));
        Assert.Contains($"'{name}' cannot be the name of a database", fault.Message, StringComparison.Ordinal);
        Assert.Throws<MayflyException>(() => MariaDbPreset.Build(new MariaDbOptions { Database = "orders", Role = name, PasswordSecret = "secret" }));
    }
}
