using Mayfly.Images;
using Mayfly.Machines.Local;
using Mayfly.Packages;
using Mayfly.Packages.Debian;

namespace Mayfly.Machines.Tests.Local;

/// <summary>Databases and secrets of servers that no preset knows: each instance has its own, and the servers start from it.</summary>
[Trait("needs", "root")]
public sealed class ServersFirstStartTests : IAsyncLifetime
{
    private static readonly string[] Packages = ["dbus", "ejabberd", "ldap-utils", "mariadb-server", "postgresql", "rabbitmq-server", "slapd", "varnish"];

    private readonly LocalHost _host = new();
    private Image _image = null!;

    [Fact]
    public async Task Each_instance_has_an_identity_of_its_own()
    {
        Assert.Equal(["dbus-machine-id", "ejabberd-certificate", "erlang-cookie", "ldap-directory", "mysql-database", "postgresql-cluster", "ssl-cert", "varnish-secret"], _image.LeftOut.Order(StringComparer.Ordinal));
        var spec = Spec("root", """
            cd /var/lib
            echo "$(stat -c '%U:%G %a %n' /etc/ejabberd/ejabberd.pem) $(openssl x509 -noout -subject -in /etc/ejabberd/ejabberd.pem) $(openssl pkey -pubout -in /etc/ejabberd/ejabberd.pem | sha256sum)"
            for f in dbus/machine-id rabbitmq/.erlang.cookie /etc/varnish/secret; do echo "$(stat -c '%U:%G %a %n' $f) $(cat $f)"; done
            echo "$(stat -c '%U:%G %a %n' postgresql/15/main) $(/usr/lib/postgresql/15/bin/pg_controldata postgresql/15/main | sed -n 's/^Database system identifier: *//p')"
            echo "$(stat -c '%U:%G %a %n' ldap/data.mdb) $(slapcat -b cn=config | sed -n 's/^entryUUID: //p' | xargs)"
            """);
        var (one, other) = (await LinesAsync(spec), await LinesAsync(spec with { Replica = 2 }));
        string[] expected =
        [
            "root:ejabberd 640 /etc/ejabberd/ejabberd.pem", "root:root 644 dbus/machine-id", "rabbitmq:rabbitmq 400 rabbitmq/.erlang.cookie", "root:root 600 /etc/varnish/secret",
            "postgres:postgres 700 postgresql/15/main", "openldap:openldap 600 ldap/data.mdb",
        ];
        Assert.Equal(expected, one.Select(Facts));
        Assert.Equal(expected, other.Select(Facts));
        Assert.All(one.Zip(other), static pair => Assert.NotEqual(pair.First, pair.Second));
        Assert.All(one, static line => Assert.True(line.Split(' ', 4)[3].Length > 16, line));

        static string Facts(string line) => string.Join(' ', line.Split(' ').Take(3));
    }

    [Fact]
    public async Task Servers_start_from_it_and_answer()
    {
        await AssertAnswersAsync("postgres", "15 UTF8 C.UTF-8 scram-sha-256", """
            /usr/lib/postgresql/15/bin/postgres -c config_file=/etc/postgresql/15/main/postgresql.conf -c external_pid_file= -c unix_socket_directories=/tmp &
            wait_for pg_isready -qh /tmp
            psql -h /tmp -AtF ' ' -c "SELECT current_setting('server_version_num')::int / 10000, getdatabaseencoding(), datcollate, current_setting('password_encryption') FROM pg_database WHERE datname = 'postgres'"
            """);
        await AssertAnswersAsync("mysql", "mariadb.sys mysql root", """
            test -e /var/lib/mysql/debian-10.11.flag || exit
            mariadbd --socket=/tmp/socket --pid-file=/tmp/pid --innodb-use-native-aio=off &
            wait_for mariadb-admin -sS /tmp/socket ping
            mariadb -S /tmp/socket -NBe 'SELECT user FROM mysql.user ORDER BY user' | xargs
            """);
        // The package takes the name from the machine's domain.
        await AssertAnswersAsync("openldap", $"dn: dc={_host.Stack},dc=internal", $"""
            slapd -h ldapi://%2ftmp%2fldapi -F /etc/ldap/slapd.d -d 0 &
            wait_for ldapsearch -LLLxH ldapi://%2ftmp%2fldapi -b dc={_host.Stack},dc=internal dn
            """);
    }

    [Fact]
    public async Task A_new_volume_begins_with_the_data_and_one_that_holds_some_keeps_it()
    {
        var spec = Spec("postgres", """
            /usr/lib/postgresql/15/bin/pg_controldata /var/lib/postgresql/15/main | sed -n 's/^Database system identifier: *//p'
            """) with
        { Volumes = [new VolumeUse("data", "/var/lib/postgresql")] };
        var first = Assert.Single(await LinesAsync(spec));
        // Another image's first start makes no cluster that nobody would see, nor a database beside the one that the preset makes.
        var other = spec with { Layers = [.. spec.Layers, "preset"] };
        var tree = Path.Combine(_host.Store.PathOf(StoreArea.Layers, "preset"), "tree/etc/mayfly");
        Directory.CreateDirectory(tree);
        File.WriteAllText(Path.Combine(tree, "mariadb.cnf"), "[mariadbd]\n");
        Assert.Equal([first], await LinesAsync(other));
        Assert.Equal(["dbus", "ldap", "rabbitmq"], Directory.EnumerateDirectories(Path.Combine(OwnLayer.PathOf(_host.Store, other), "var/lib")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    private async Task AssertAnswersAsync(string user, string answer, string script) => Assert.Contains(answer, await LinesAsync(Spec(user, $"wait_for() {{ for i in $(seq 300); do \"$@\" && return; sleep 0.2; done; exit 1; }}; {script}")));

    private InstanceSpec Spec(string user, string script) => _host.Spec("app", "/bin/sh", "-c", script) with
    {
        User = user,
        RuntimeDirectories = [new RuntimeDirectory("/run/slapd", "openldap:openldap")],
        Capabilities = user == "root" ? ["CAP_DAC_OVERRIDE"] : [],
        Layers = [.. _image.Layers.Select(layer => layer.Key)],
    };

    private async Task<IReadOnlyList<string>> LinesAsync(InstanceSpec spec)
    {
        var label = _host.Label(spec);
        await _host.Runtime.StartAsync(label, CancellationToken.None);
        await _host.Runtime.WaitAsync(label.Id, CancellationToken.None).WaitAsync(TimeSpan.FromMinutes(5));
        var lines = (await _host.OutputAsync(label.Id)).Split('\n');
        File.Delete(InstanceLog.PathOf(_host.Store, _host.Stack, label.Id));
        await _host.Runtime.DeleteAsync(label.Id, CancellationToken.None);
        return lines;
    }

    public async ValueTask InitializeAsync()
    {
        var store = Store.Open("/var/cache/mayfly-tests/store");
        using var held = store.LockShared();
        var sources = DebianSources.Discover("bookworm", HostArchitecture.Name);
        var made = DebianLock.Create(await IndexFetch.ReadAsync(store, sources), [new SetRequest(SetRequest.Base, []), new SetRequest("servers", Packages)]);
        await Fetch.AllAsync(store, sources, made.Packages);
        _image = await new ImageBuilder(store).BuildAsync(made, new ImageRecipe { Name = "first-start-of-servers", PackageSet = "servers" });
        foreach (var layer in _image.Layers)
            Directory.CreateSymbolicLink(_host.Store.PathOf(StoreArea.Layers, layer.Key), store.PathOf(StoreArea.Layers, layer.Key));
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
