using System.Globalization;
using Mayfly.Machines;

namespace Mayfly.Presets;

/// <summary>What a memcached is asked to hold.</summary>
public sealed record MemcachedOptions
{
    /// <summary>Memory for items, in mebibytes.</summary>
    public int Megabytes { get; init; } = 64;

    public int Connections { get; init; } = 1024;

    public int Threads { get; init; } = 2;

    public int Port { get; init; } = 11211;
}

/// <summary>memcached: TCP alone, nothing kept, nothing to configure.</summary>
public static class MemcachedPreset
{
    public static ServicePreset Build(MemcachedOptions options) => new()
    {
        Packages = ["memcached"],
        // Debian's own start script reads /etc/memcached.conf; the program itself knows arguments alone.
        Command =
        [
            "/usr/bin/memcached",
            "--listen=0.0.0.0",
            Number("--port", options.Port),
            "--udp-port=0",
            Number("--memory-limit", options.Megabytes),
            Number("--conn-limit", options.Connections),
            Number("--threads", options.Threads),
        ],
        User = "memcache",
        Ports = [new PortSpec(options.Port, "memcached")],
        Health = new HealthCheck { Kind = HealthCheckKind.Tcp, Port = options.Port },
        Offers = [new ServiceOffer("CACHE_URL", string.Create(CultureInfo.InvariantCulture, $"memcached://{{host}}:{options.Port}"))],
    };

    private static string Number(string name, int value) => string.Create(CultureInfo.InvariantCulture, $"{name}={value}");
}
