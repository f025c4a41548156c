using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Depots;

namespace Mayfly.Cli.Tests;

/// <summary>One depot for all that look at it.</summary>
[CollectionDefinition(Name)]
public sealed class OnRealDepot : ICollectionFixture<RealDepot>
{
    public const string Name = "real depot";
}

/// <summary>A depot of Debian's own packages: the base and memcached, locked from the archive of this machine.</summary>
public sealed class RealDepot : IAsyncLifetime
{
    internal Folder Folder { get; } = new();

    /// <summary>The store that all tests share, so that packages are fetched once.</summary>
    public string Store { get; } = Packages.Store.Open().Root;

    public string Depot => Path.Combine(Folder.Path, "depot");

    public StackLock Lock { get; private set; } = null!;

    /// <summary>Each command of the guide, what the guide says it prints, and what it printed.</summary>
    public List<(string Command, string Expected, string Printed)> Guide { get; } = [];

    /// <summary>What is asked for, under the names of the lock's sets; apt, because it is what judges, whether or not the base has it, and a server that knows nothing of depots.</summary>
    public static SetRequest[] Sets => [new("image", ["memcached"]), new("judge", ["apt", "nginx-light"])];

    public Dictionary<string, string?> Environment => new() { ["MAYFLY_STORE"] = Store };

    /// <summary>For a machine that knows the depot and nothing else, with a store of its own.</summary>
    public Dictionary<string, string?> OnlyDepot(string store) => new()
    {
        ["MAYFLY_STORE"] = Path.Combine(Folder.Path, store),
        ["MAYFLY_MIRROR"] = "none",
        ["MAYFLY_DEPOT"] = Depot,
        ["MAYFLY_DEPOT_KEY"] = Path.Combine(Depot, "depot.asc"),
    };

    public async ValueTask InitializeAsync()
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/apt-get"))
            return;
        var store = Packages.Store.Open();
        using (store.LockShared())
        {
            var sources = DebianSources.Discover("bookworm", HostArchitecture.Name);
            Lock = DebianLock.Create(await IndexFetch.ReadAsync(store, sources), Sets);
            await Fetch.AllAsync(store, sources, Lock.Packages);
        }

        Directory.CreateDirectory(Path.Combine(Folder.Path, "shop"));
        LockFile.Write(Path.Combine(Folder.Path, "shop", LockFile.Name), Lock);
        Folder.With("bin/mayfly", $"#!/bin/sh\nexec dotnet '{Path.Combine(AppContext.BaseDirectory, "Mayfly.Cli.dll")}' \"$@\"\n");
        File.SetUnixFileMode(Path.Combine(Folder.Path, "bin/mayfly"), (UnixFileMode)0b111_101_101);
        foreach (var (command, expected) in Session(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "depot.md"))))
        {
            var ended = Shell.Run(Folder.Path, Environment, $"PATH='{Folder.Path}/bin':$PATH; exec 2>&1\n{command}");
            Guide.Add((command, expected, ended.Output.TrimEnd() + (ended.ExitCode == 0 ? "" : $"\n(exit code {ended.ExitCode})")));
        }
    }

    public ValueTask DisposeAsync()
    {
        Folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The faults that verifying finds in a depot.</summary>
    public static async Task<DepotCheck.Result> CheckAsync(string depot) => await DepotCheck.RunAsync(new Uri($"file://{depot}/"), [Path.Combine(depot, "depot.asc")]);

    internal static IEnumerable<(string Command, string Expected)> Session(string document)
    {
        var lines = document.Split("```console\n").Skip(1).SelectMany(static block => block.Split("\n```")[0].Split('\n')).ToArray();
        for (var at = 0; at < lines.Length; at++)
        {
            if (lines[at].StartsWith("$ ", StringComparison.Ordinal))
                yield return (lines[at][2..], string.Join('\n', lines.Skip(at + 1).TakeWhile(static line => !line.StartsWith("$ ", StringComparison.Ordinal))));
        }
    }
}
