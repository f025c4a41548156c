using System.Globalization;
using Mayfly.Images;
using Mayfly.Machines;

namespace Mayfly.Presets;

/// <summary>What a Redis is asked to hold.</summary>
public sealed record RedisOptions
{
    /// <summary>Whether its data outlives it: then each write is appended to a file in a volume, synced once a second.</summary>
    public bool Durable { get; init; }

    /// <summary>Memory for data in mebibytes; 0 means no limit. What does not survive is evicted beyond it, what does is refused.</summary>
    public int Megabytes { get; init; } = 64;

    /// <summary>Clients at once; with Redis's own files they must fit into the limit of open files.</summary>
    public int Connections { get; init; } = 900;

    public int Port { get; init; } = 6379;

    /// <summary>More directives for redis.conf.</summary>
    public string Extra { get; init; } = "";
}

/// <summary>Redis, as a cache that forgets or as a store that does not.</summary>
/// <remarks>
/// It takes no password: who reaches the stack's network may use it, as with memcached; hence <c>protected-mode no</c>.
/// Nothing in Redis keeps two servers from one append-only file. <c>flock</c> (of util-linux, so in every image) does: it
/// holds a lock in the volume that ends with the process, and works across process and mount namespaces, unlike pid files.
/// </remarks>
public static class RedisPreset
{
    private const string ConfigPath = "/etc/mayfly/redis.conf";

    public static ServicePreset Build(RedisOptions options) => new()
    {
        Packages = ["redis-server"],
        Files = [new ImageFile { Path = ConfigPath, Text = Config(options) }],
        Command =
        [
            .. options.Durable ? (string[])["/usr/bin/flock", "--nonblock", "--no-fork", "/var/lib/redis/.lock"] : [],
            "/usr/bin/redis-server", ConfigPath,
        ],
        User = "redis",
        WorkingDirectory = "/var/lib/redis",
        RuntimeDirectories = [new RuntimeDirectory("/run/redis", "redis:redis")],
        Volumes = options.Durable ? [new ServiceVolume("/var/lib/redis", "redis:redis", 0b111_101_000)] : [],
        Ports = [new PortSpec(options.Port, "redis")],
        // It accepts connections while it still loads its file; PING then fails (-e turns the error into the exit code).
        Health = new HealthCheck { Kind = HealthCheckKind.Command, Command = ["/usr/bin/redis-cli", "-e", "-s", "/run/redis/redis.sock", "ping"] },
        StopTimeout = TimeSpan.FromSeconds(options.Durable ? 60 : 10),
        Offers = [new ServiceOffer("REDIS_URL", string.Create(CultureInfo.InvariantCulture, $"redis://{{host}}:{options.Port}/0"))],
    };

    private static string Config(RedisOptions options)
    {
        var memory = options.Megabytes == 0
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $"maxmemory {options.Megabytes}mb\nmaxmemory-policy {(options.Durable ? "noeviction" : "allkeys-lru")}\n");
        return string.Create(CultureInfo.InvariantCulture, $"""
            # Rendered by Mayfly. Runs as redis, without capabilities, in the foreground; logs to standard output.
            bind * -::*
            port {options.Port}
            protected-mode no
            unixsocket /run/redis/redis.sock
            daemonize no
            maxclients {options.Connections}
            logfile ""
            dir /var/lib/redis
            appendonly {(options.Durable ? "yes" : "no")}
            appendfsync everysec
            save ""
            {memory}{NginxPreset.Indented(options.Extra, 0)}
            """);
    }
}
