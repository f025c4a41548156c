namespace Mayfly.Benchmarks;

/// <summary>The packages of an image chosen and locked, with the index there.</summary>
internal sealed class LockFigure : Figure
{
    private static readonly Line Released = new("chosen, locked, and found to be built", "apt-get --simulate install", Most: 1 / 5.0, Limit: new Amount(0.3, Unit.Seconds));
    private static readonly Line Cloned = new("the same by the tool of a clone, whose code is finished as it starts", "apt-get --simulate install", Limit: new Amount(0.3, Unit.Seconds));

    public override string Name => "lock";

    public override string Title => $"what {string.Join(", ", Workshop.Packages)} need, chosen and locked";

    public override IReadOnlyList<Line> Lines => [Released, Cloned];

    public override IReadOnlyList<Need> Needs => [new("apt-get", "apt"), new("gcc", "gcc libc6-dev")];

    public override int Rounds => 15;

    public override async Task<Findings> MeasureAsync(Workshop workshop, int rounds, CancellationToken cancellationToken)
    {
        var mirror = await LocalMirror.MakeAsync(workshop, cancellationToken);
        var (store, locked) = (workshop.PathFor("lock-store"), workshop.PathFor("image.lock"));
        await Outside.RunAsync(["cp", "-al", workshop.Store.Root, store], cancellationToken);
        string[] build = [Workshop.Launcher, "image", "build", "--base", $"debian:{Workshop.Codename}", "--name", "measured"];
        await Outside.RunAsync(build, cancellationToken, mirror.ForMayfly(store));
        var apt = await AptAsync(workshop, mirror, Path.Combine(store, "layers"), cancellationToken);
        string[] all = [.. build, "--install", string.Join(',', Workshop.Packages), "--lock", locked];
        await Outside.RunAsync(all, cancellationToken, mirror.ForMayfly(store));
        string[] simulate = ["apt-get", "--simulate", "--no-install-recommends", "install", .. Workshop.Packages];

        var released = await workshop.ReleaseAsync(cancellationToken);
        var series = await Alternation.RunAsync(workshop.WorkFolder, rounds, 2, cancellationToken,
            Run([released, .. all[1..]]),
            Run(all),
            new(() => Outside.RunAsync(simulate, cancellationToken, apt)));

        var theirs = (await Outside.RunAsync(simulate, cancellationToken, apt)).Split('\n').Where(static line => line.StartsWith("Inst ", StringComparison.Ordinal)).Select(static line => line.Split(' ')[1]).ToHashSet();
        var installed = Installed(Path.Combine(store, "layers"));
        var ours = workshop.ImagePackages.Select(static package => package.Name).Where(name => !installed.Contains(name)).ToHashSet();
        if (!ours.SetEquals(theirs))
            throw new MayflyException($"the two choose otherwise: {string.Join(", ", ours.Except(theirs))} only Mayfly, {string.Join(", ", theirs.Except(ours))} only apt-get");
        return new Findings([new(Released, series[0].Time, series[2].Time), new(Cloned, series[1].Time, series[2].Time)],
            [$"{theirs.Count} packages over a minimal base, the same of both; apt-get has its caches from a run before; Mayfly's time is that of `image build` as a whole, with a lock that is not there and layers that are"]);

        Contestant Run(IReadOnlyList<string> command) => new(() => Outside.RunAsync(command, cancellationToken, mirror.ForMayfly(store)))
        {
            Before = () =>
            {
                File.Delete(locked);
                return Task.CompletedTask;
            },
        };
    }

    /// <summary>apt with a configuration of its own: the same mirror, and the base as what is installed. Its environment.</summary>
    private static async Task<IReadOnlyDictionary<string, string>> AptAsync(Workshop workshop, LocalMirror mirror, string layers, CancellationToken cancellationToken)
    {
        var folder = workshop.PathFor("apt");
        foreach (var inner in (string[])["lists/partial", "cache/archives/partial", "parts"])
            Directory.CreateDirectory($"{folder}/{inner}");
        await File.WriteAllLinesAsync($"{folder}/sources.list", mirror.ForApt(workshop), cancellationToken);
        File.Copy(StatusOf(layers), $"{folder}/status");
        var configuration = $"{folder}/apt.conf";
        await File.WriteAllTextAsync(configuration, $"""
            Dir::Etc::main "/dev/null";
            Dir::Etc::parts "{folder}/parts";
            Dir::Etc::sourcelist "{folder}/sources.list";
            Dir::Etc::sourceparts "{folder}/parts";
            Dir::Etc::preferences "/dev/null";
            Dir::Etc::preferencesparts "{folder}/parts";
            Dir::State::lists "{folder}/lists";
            Dir::State::status "{folder}/status";
            Dir::State::extended_states "{folder}/extended_states";
            Dir::Cache "{folder}/cache";
            Acquire::Languages "none";

            """, cancellationToken);
        var environment = new Dictionary<string, string> { ["APT_CONFIG"] = configuration, ["LC_ALL"] = "C.UTF-8" };
        await Outside.RunAsync(["apt-get", "update"], cancellationToken, environment);
        return environment;
    }

    /// <summary>dpkg's list of the base alone: the shortest of any layer.</summary>
    private static string StatusOf(string layers) => Directory.GetDirectories(layers).Select(static layer => Path.Combine(layer, "tree/var/lib/dpkg/status")).Where(File.Exists).MinBy(static path => new FileInfo(path).Length)!;

    private static HashSet<string> Installed(string layers) => [.. File.ReadLines(StatusOf(layers)).Where(static line => line.StartsWith("Package: ", StringComparison.Ordinal)).Select(static line => line["Package: ".Length..])];
}
