using System.Globalization;
using System.Text.Json;
using Mayfly.Images;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Benchmarks;

/// <summary>An image of six servers' packages, built from packages that are there already: on the disk, and with everything in memory.</summary>
internal sealed class ImageFigure(bool inMemory) : Figure
{
    /// <summary>Brings a program, a manual page, and nothing else.</summary>
    public const string More = "tree";

    private readonly Line _new = new("built, every package still packed", "mmdebstrap", Most: inMemory ? 0.5 : 0.42);
    private readonly Line _processor = new("the same, processor time", "mmdebstrap");
    private readonly Line _unpacked = new("built, packages unpacked before for another image", "mmdebstrap", Most: 1 / 3.0);
    private readonly Line _based = new("built over a base that was configured before", "mmdebstrap", Most: 1 / 3.5);
    private readonly Line _again = new("built again", "mmdebstrap", Most: 1 / 20.0);
    private readonly Line _more = new($"one small package more ({More})", "mmdebstrap", Limit: new Amount(1.5, Unit.Seconds));
    private readonly Line _first = new("what its first instance makes for itself, to be added to each line above", "mmdebstrap");
    private readonly Line _memory = new("the most memory of a process of the first", "", Limit: new Amount(400, Unit.Megabytes));
    private readonly Line _floor = new("only unpacking, by dpkg-deb on all processors at once", "mmdebstrap");

    public override string Name => inMemory ? "image-in-memory" : "image";

    public override string Title => $"an image with {string.Join(", ", Workshop.Packages)}{(inMemory ? ", everything in memory" : "")}";

    public override IReadOnlyList<Line> Lines => [_new, _processor, _unpacked, _based, _again, _more, _first, _memory, _floor];

    public override IReadOnlyList<Need> Needs => [new("mmdebstrap", "mmdebstrap"), new("dpkg-deb", "dpkg"), new("xargs", "findutils"), new("find", "findutils"), new("gcc", "gcc libc6-dev")];

    public override int Rounds => 3;

    public override async Task<Findings> MeasureAsync(Workshop workshop, int rounds, CancellationToken cancellationToken)
    {
        var mirror = await LocalMirror.MakeAsync(workshop, cancellationToken);
        return await workshop.InFolderAsync("place", inMemory ? "12g" : null, place => MeasureAsync(workshop, inMemory ? mirror.CopyTo(place) : mirror, place, rounds, cancellationToken));
    }

    private async Task<Findings> MeasureAsync(Workshop workshop, LocalMirror mirror, string place, int rounds, CancellationToken cancellationToken)
    {
        var (fetched, store, tree, bare, locked) = ($"{place}/fetched", $"{place}/store", $"{place}/mmdebstrap", $"{place}/unpacked", $"{place}/image.lock");
        var packages = workshop.ImagePackages;
        Directory.CreateDirectory(fetched);
        foreach (var area in (StoreArea[])[StoreArea.Artifacts, StoreArea.Indexes])
            await Outside.RunAsync(["cp", inMemory ? "-a" : "-al", workshop.Store.Folder(area), fetched], cancellationToken);
        await File.WriteAllTextAsync($"{place}/debs", string.Concat(packages.Select(package => $"{fetched}/artifacts/{package.Sha256}\n")), cancellationToken);

        var tool = await workshop.ReleaseAsync(cancellationToken);
        string[] Command(params string[] more) =>
            [tool, "image", "build", "--base", $"debian:{Workshop.Codename}", "--install", string.Join(',', [.. Workshop.Packages, .. more]), "--name", "measured", "--lock", locked];
        Contestant Build(Func<Task> before, params string[] more) => new(() => Outside.RunAsync(Command(more), cancellationToken, mirror.ForMayfly(store))) { Before = before };
        async Task Packed()
        {
            File.Delete(locked);
            await Removed(store);
            Directory.CreateDirectory(store);
            foreach (var area in (StoreArea[])[StoreArea.Artifacts, StoreArea.Indexes])
                await Outside.RunAsync(["cp", "-al", $"{fetched}/{area.ToString().ToLowerInvariant()}", store], cancellationToken);
        }

        var series = await Alternation.RunAsync(place, rounds, 1, cancellationToken,
            Build(Packed),
            Build(() => WithoutLayers(store, locked, static _ => true)),
            Build(() => WithoutLayers(store, locked, static below => below is not null)),
            Build(static () => Task.CompletedTask),
            Build(static () => Task.CompletedTask, More),
            new(() => Outside.RunAsync(
                ["env", $"TMPDIR={place}", "mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", "--format=directory", $"--include={string.Join(',', Workshop.Packages)}",
                    // Where apt finds packages in a folder, mmdebstrap wants it to be seen from inside too.
                    "--hook-dir=/usr/share/mmdebstrap/hooks/file-mirror-automount", Workshop.Codename, tree, .. mirror.ForApt(workshop)], cancellationToken))
            {
                Before = () => Removed(tree),
            },
            new(() => Outside.RunAsync(["sh", "-c", $"xargs -n 1 -P {Environment.ProcessorCount} sh -c 'dpkg-deb -x \"$1\" \"$0/${{1##*/}}\"' '{bare}' <'{place}/debs'"], cancellationToken))
            {
                Before = async () =>
                {
                    await Removed(bare);
                    Directory.CreateDirectory(bare);
                },
            });

        var first = await Alternation.RunAsync(place, rounds, 1, cancellationToken, new Contestant(() => Task.Run(() => StartFirst(store, cancellationToken), cancellationToken)));

        var (files, bytes) = await CountAsync(tree, cancellationToken);
        var (built, reference) = (Status(Path.Combine(store, "layers")), Status(tree));
        built.RemoveWhere(static package => package.StartsWith($"{More} ", StringComparison.Ordinal));
        if (!built.SetEquals(reference))
            throw new MayflyException($"the two images differ: {string.Join(", ", built.Except(reference))} only in ours, {string.Join(", ", reference.Except(built))} only in mmdebstrap's");
        var memory = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            await Packed();
            memory.Add(await PeakMemory.OfAsync(Command(), cancellationToken, mirror.ForMayfly(store)));
        }

        var theirs = series[5];
        return new Findings(
            [
                new(_new, series[0].Time, theirs.Time), new(_processor, series[0].ProcessorTime, theirs.ProcessorTime), new(_unpacked, series[1].Time, theirs.Time),
                new(_based, series[2].Time, theirs.Time), new(_again, series[3].Time, theirs.Time), new(_more, series[4].Time, theirs.Time), new(_first, first[0].Time, theirs.Time), new(_memory, Spread.Of(Unit.Megabytes, memory), null), new(_floor, series[6].Time, theirs.Time),
            ],
            [
                string.Create(CultureInfo.InvariantCulture, $"floor: {packages.Count} packages of {packages.Sum(package => package.Size) / 1e6:0} MB read, {files} files of {bytes / 1e6:0} MB written"),
                "both images hold the same packages in the same versions; mmdebstrap leaves a directory, Mayfly an image in its store, written to the disk",
                "the first four of Mayfly's lines choose the packages anew; the next two have their lock, and the image with one package more is added to it",
            ]);
    }

    /// <summary>Removes images, the lock, all batches that were kept, and the layers of which this is true, given the key of the layer below or null.</summary>
    private static Task WithoutLayers(string store, string locked, Func<string?, bool> goes)
    {
        File.Delete(locked);
        Trees.Remove(Path.Combine(store, "images"));
        Trees.Remove(Path.Combine(store, "prefixes"));
        foreach (var layer in Directory.GetDirectories(Path.Combine(store, "layers")))
        {
            using var record = JsonDocument.Parse(File.ReadAllText(Path.Combine(layer, "layer.json")));
            if (goes(record.RootElement.TryGetProperty("below", out var below) ? below.GetString() : null))
                Trees.Remove(layer);
        }

        return Task.CompletedTask;
    }

    /// <summary>As an instance does before anything of it runs; what is made is thrown away.</summary>
    private static void StartFirst(string folder, CancellationToken cancellationToken)
    {
        var store = Store.Open(folder);
        string[] layers = [.. new ImageStore(store).Get("measured").Layers.Select(layer => layer.Key)];
        var first = new FirstStart(store);
        using var work = store.BeginWork("own");
        var things = first.Missing(layers);
        if (things.Count == 0)
            throw new MayflyException("the image leaves nothing out, and one with PostgreSQL's packages should");
        first.Make(things, layers, "measured-1", "bench.internal", work.Path, cancellationToken);
    }

    private static Task Removed(string path)
    {
        Trees.Remove(path);
        return Task.CompletedTask;
    }

    private static async Task<(int Files, double Bytes)> CountAsync(string tree, CancellationToken cancellationToken)
    {
        var sizes = (await Outside.RunAsync(["find", tree, "-type", "f", "-printf", "%s\\n"], cancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return (sizes.Length, sizes.Sum(size => double.Parse(size, CultureInfo.InvariantCulture)));
    }

    /// <summary>Names and versions of the installed packages: of the largest list that dpkg left below a folder.</summary>
    private static HashSet<string> Status(string folder)
    {
        var lists = Directory.Exists(Path.Combine(folder, "var")) ? [Path.Combine(folder, "var/lib/dpkg/status")]
            : Directory.GetDirectories(folder).Select(layer => Path.Combine(layer, "tree/var/lib/dpkg/status")).Where(File.Exists);
        return lists.Select(list => File.ReadAllText(list).Split("\n\n").Select(stanza => stanza.Split('\n'))
            .Where(lines => lines.Contains("Status: install ok installed"))
            .Select(lines => string.Join(' ', lines.Where(line => line.StartsWith("Package: ", StringComparison.Ordinal) || line.StartsWith("Version: ", StringComparison.Ordinal)).Select(line => line.Split(' ')[1])))
            .ToHashSet()).MaxBy(set => set.Count)!;
    }
}
