using System.Globalization;
using Mayfly.Linux;
using Mayfly.Packages;
using Mayfly.Packages.Debian;

namespace Mayfly.Benchmarks;

/// <summary>The packages of an image, brought into a store from a mirror on this machine.</summary>
internal sealed class FetchFigure : Figure
{
    /// <summary>The first argument with which this program fetches and does nothing else.</summary>
    public const string Alone = "fetch-alone";

    private static readonly Line Time = new("fetched and verified", "curl --parallel", Most: 1 / 0.9);
    private static readonly Line Processor = new("the same, processor time", "curl --parallel");
    private static readonly Line Memory = new("the most memory of a process that fetches", "", Limit: new Amount(400, Unit.Megabytes));

    public override string Name => "fetch";

    public override string Title => "an image's packages, fetched from a mirror on this machine";

    public override IReadOnlyList<Line> Lines => [Time, Processor, Memory];

    public override IReadOnlyList<Need> Needs => [new("nginx", "nginx-light"), new("curl", "curl")];

    public override int Rounds => 15;

    public override bool RunsTheTool => false;

    public override async Task<Findings> MeasureAsync(Workshop workshop, int rounds, CancellationToken cancellationToken)
    {
        var mirror = await LocalMirror.MakeAsync(workshop, cancellationToken);
        using var server = await LocalServer.StartAsync(workshop, Path.GetDirectoryName(mirror.Main)!, cancellationToken);
        var (store, folder, list, locked) = (workshop.PathFor("fetch-store"), workshop.PathFor("curl"), workshop.PathFor("curl.conf"), workshop.PathFor("fetch.lock"));
        var packages = workshop.ImagePackages;
        var sources = Sources(workshop.Sources, server.Address);
        await File.WriteAllLinesAsync(list, packages.SelectMany(package => (string[])
            [$"url = \"{new Uri(sources.Sources.First(source => source.Suite == package.Release).Mirrors[0], Uri.EscapeDataString(package.Path).Replace("%2F", "/", StringComparison.Ordinal))}\"", $"output = \"{folder}/{package.Sha256}\""]), cancellationToken);
        LockFile.Write(locked, workshop.Lock);

        var series = await Alternation.RunAsync(workshop.WorkFolder, rounds, 3, cancellationToken,
            new(() => Fetch.AllAsync(Store.Open(store), sources, packages, cancellationToken: cancellationToken)) { Before = () => Emptied(store) },
            new(() => Outside.RunAsync(["curl", "--parallel", "--silent", "--show-error", "--fail", "--config", list], cancellationToken)) { Before = () => Emptied(folder) });

        foreach (var package in packages)
        {
            if (!File.ReadAllBytes(Path.Combine(folder, package.Sha256)).SequenceEqual(File.ReadAllBytes(Store.Open(store).PathOf(StoreArea.Artifacts, package.Sha256))))
                throw new MayflyException($"curl and Mayfly do not agree of {package.Id}");
        }

        var memory = new List<double>();
        for (var round = 0; round < Math.Min(rounds, 5); round++)
        {
            await Emptied(store);
            memory.Add(await PeakMemory.OfAsync([Environment.ProcessPath!, Alone, store, locked, server.Address.ToString()], cancellationToken));
        }

        return new Findings(
            [new(Time, series[0].Time, series[1].Time), new(Processor, series[0].ProcessorTime, series[1].ProcessorTime), new(Memory, Spread.Of(Unit.Megabytes, memory), null)],
            [string.Create(CultureInfo.InvariantCulture, $"{packages.Count} packages of {packages.Sum(package => package.Size) / 1e6:0} MB from nginx in a process of its own; curl writes files and verifies nothing, Mayfly hashes all that comes and commits each file by a rename")]);
    }

    /// <summary>Fetches a lock's packages into a store.</summary>
    public static async Task<int> RunAloneAsync(string store, string locked, string address)
    {
        var stackLock = LockFile.Read(locked)!;
        var sources = Sources(DebianSources.Discover(Workshop.Codename, stackLock.Architecture), new Uri(address));
        await Fetch.AllAsync(Store.Open(store), sources, [.. stackLock.Packages.Where(package => stackLock.Sets.Any(set => set.Name is SetRequest.Base or "image" && set.Stages.Any(stage => stage.Packages.Contains(package.Id))))]);
        return 0;
    }

    private static DebianSources Sources(DebianSources sources, Uri server) => sources with
    {
        Sources = [.. sources.Sources.Select(source => source with { Mirrors = [new Uri(server, source.Suite.EndsWith("-security", StringComparison.Ordinal) ? "debian-security/" : "debian/")] })],
        Proxy = null,
        Depots = [],
    };

    private static Task Emptied(string folder)
    {
        Trees.Remove(folder);
        Directory.CreateDirectory(folder);
        return Task.CompletedTask;
    }
}
