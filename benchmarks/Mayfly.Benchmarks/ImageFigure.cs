using System.Globalization;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Benchmarks;

/// <summary>An image of six servers' packages, built from packages that are on the disk.</summary>
internal sealed class ImageFigure : Figure
{
    private static readonly Line New = new("built, every package still packed", "mmdebstrap", Most: 0.6);
    private static readonly Line Processor = new("the same, processor time", "mmdebstrap");
    private static readonly Line Unpacked = new("built, packages unpacked before for another image", "mmdebstrap");
    private static readonly Line Floor = new("only unpacking, by dpkg-deb on all processors at once", "mmdebstrap");

    public override string Name => "image";

    public override string Title => $"an image with {string.Join(", ", Workshop.Packages)}";

    public override IReadOnlyList<Line> Lines => [New, Processor, Unpacked, Floor];

    public override IReadOnlyList<Need> Needs => [new("mmdebstrap", "mmdebstrap"), new("dpkg-deb", "dpkg"), new("xargs", "findutils"), new("find", "findutils")];

    public override int Rounds => 3;

    public override async Task<Findings> MeasureAsync(Workshop workshop, int rounds, CancellationToken cancellationToken)
    {
        var mirror = await LocalMirror.MakeAsync(workshop, cancellationToken);
        var (store, tree, bare) = (workshop.PathFor("image-store"), workshop.PathFor("mmdebstrap"), workshop.PathFor("unpacked"));
        var packages = workshop.ImagePackages;
        await File.WriteAllTextAsync(workshop.PathFor("debs"), string.Concat(packages.Select(package => workshop.Store.PathOf(StoreArea.Artifacts, package.Sha256) + "\n")), cancellationToken);

        var build = new Contestant(() => Outside.RunAsync(
            [Workshop.Launcher, "image", "build", "--base", $"debian:{Workshop.Codename}", "--install", string.Join(',', Workshop.Packages), "--name", "measured"], cancellationToken, mirror.ForMayfly(store)));
        var series = await Alternation.RunAsync(workshop.WorkFolder, rounds, 1, cancellationToken,
            build with { Before = () => Fetched(workshop, store, cancellationToken) },
            build with
            {
                Before = () =>
                {
                    Trees.Remove(Path.Combine(store, "layers"));
                    Trees.Remove(Path.Combine(store, "images"));
                    return Task.CompletedTask;
                },
            },
            new(() => Outside.RunAsync(
                ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", "--format=directory", $"--include={string.Join(',', Workshop.Packages)}",
                    // Where apt finds packages in a folder, mmdebstrap wants it to be seen from inside too.
                    "--hook-dir=/usr/share/mmdebstrap/hooks/file-mirror-automount", Workshop.Codename, tree, .. mirror.ForApt(workshop)], cancellationToken))
            {
                Before = () => Removed(tree),
            },
            new(() => Outside.RunAsync(["sh", "-c", $"xargs -n 1 -P {Environment.ProcessorCount} sh -c 'dpkg-deb -x \"$1\" \"$0/${{1##*/}}\"' '{bare}' <'{workshop.PathFor("debs")}'"], cancellationToken))
            {
                Before = async () =>
                {
                    await Removed(bare);
                    Directory.CreateDirectory(bare);
                },
            });

        var (files, bytes) = await CountAsync(tree, cancellationToken);
        var (built, reference) = (Status(Path.Combine(store, "layers")), Status(tree));
        if (!built.SetEquals(reference))
            throw new MayflyException($"the two images differ: {string.Join(", ", built.Except(reference))} only in ours, {string.Join(", ", reference.Except(built))} only in mmdebstrap's");
        var (ours, again, theirs, floor) = (series[0], series[1], series[2], series[3]);
        return new Findings(
            [new(New, ours.Time, theirs.Time), new(Processor, ours.ProcessorTime, theirs.ProcessorTime), new(Unpacked, again.Time, theirs.Time), new(Floor, floor.Time, theirs.Time)],
            [
                string.Create(CultureInfo.InvariantCulture, $"floor: {packages.Count} packages of {packages.Sum(package => package.Size) / 1e6:0} MB read, {files} files of {bytes / 1e6:0} MB written"),
                "both images hold the same packages in the same versions; mmdebstrap leaves a directory, Mayfly an image in its store, written to the disk",
            ]);
    }

    /// <summary>A store that holds what was fetched, and nothing made of it.</summary>
    private static async Task Fetched(Workshop workshop, string store, CancellationToken cancellationToken)
    {
        await Removed(store);
        Directory.CreateDirectory(store);
        foreach (var area in (StoreArea[])[StoreArea.Artifacts, StoreArea.Indexes])
            await Outside.RunAsync(["cp", "-al", workshop.Store.Folder(area), store], cancellationToken);
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
