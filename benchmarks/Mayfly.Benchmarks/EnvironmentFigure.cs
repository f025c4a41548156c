using System.Globalization;
using Mayfly.Packages;

namespace Mayfly.Benchmarks;

/// <summary>Environments of Python packages made, filled and entered: on the disk, and with everything in memory.</summary>
/// <remarks>
/// Nothing is removed before all has been measured, each turn has names of its own: ext4 without a journal hands no inode out that was freed within the last minutes, and to make a file then is to look through
/// all of those; a side would be measured by how much the one before it had to clear away.
/// </remarks>
internal sealed class EnvironmentFigure(bool inMemory) : Figure
{
    private const string Python = "/usr/bin/python3";

    private static readonly Line ByVirtualenv = new("an empty environment made", "virtualenv", Most: 1 / 20.0);
    private static readonly Line ByVenv = new("an empty environment made", "python -m venv", Most: 1 / 50.0);
    private static readonly Line Warm = new("Django and what it needs installed, everything fetched before", "pip install, everything in its cache", Most: 1 / 20.0);
    private static readonly Line Copied = new("the same, where no copy was prepared", "pip install, everything in its cache");
    private static readonly Line Cold = new("Django and what it needs installed, nothing fetched before", "pip install --no-cache-dir", Most: 1 / 4.0);
    private static readonly Line Large = new("100 wheels of 20,000 files installed, everything fetched before", "cp -a of the same files", Most: 1.2);
    private static readonly Line Graph = new("100 projects of 10 versions resolved, going back", "pip install --dry-run", Most: 1 / 20.0);
    private static readonly Line Released = new("the tool started, as a release", "", Limit: new Amount(0.015, Unit.Seconds));
    private static readonly Line Cloned = new("the tool started, as in a clone", "", Limit: new Amount(0.1, Unit.Seconds));
    private static readonly Line Workon = new("workon, from one environment to another, in bash", "", Limit: new Amount(0.01, Unit.Seconds));

    public override string Name => inMemory ? "env-in-memory" : "env";

    public override string Title => $"environments of Python packages{(inMemory ? ", everything in memory" : "")}";

    public override IReadOnlyList<Line> Lines => [ByVirtualenv, ByVenv, Warm, Copied, Cold, Large, Graph, Released, Cloned, Workon];

    public override IReadOnlyList<Need> Needs => [new(Python, "python3-venv"), new("virtualenv", "virtualenv"), new("nginx", "nginx-light"), new("gcc", "gcc libc6-dev")];

    public override int Rounds => 5;

    public override Task<Findings> MeasureAsync(Workshop workshop, int rounds, CancellationToken cancellationToken) =>
        workshop.InFolderAsync(Name, inMemory ? "8g" : null, place => MeasureAsync(workshop, place, rounds, cancellationToken));

    private static async Task<Findings> MeasureAsync(Workshop workshop, string place, int rounds, CancellationToken cancellationToken)
    {
        var index = $"{place}/index";
        var wheels = new PythonWheels(index);
        await wheels.AddAsync("python3-django", Archive("python3-django"), "django", "3.2.19", ["asgiref<4,>=3.5.2", "sqlparse>=0.2.2"], cancellationToken);
        await wheels.AddAsync("python3-asgiref", Archive("python3-asgiref"), "asgiref", "3.6.0", [], cancellationToken);
        await wheels.AddAsync("python3-sqlparse", Archive("python3-sqlparse"), "sqlparse", "0.4.2", [], cancellationToken);
        wheels.AddLarge();
        wheels.AddGraph();
        wheels.Write();
        using var server = await LocalServer.StartAsync(workshop, index, cancellationToken);
        var tool = await workshop.ReleaseAsync(cancellationToken);
        var (home, graph, temporary) = ($"{place}/environments", $"{place}/graph.txt", $"{place}/tmp");
        Directory.CreateDirectory(temporary);
        var pip = new Dictionary<string, string>
        {
            ["PIP_INDEX_URL"] = server.Address.AbsoluteUri,
            ["PIP_FIND_LINKS"] = "",
            ["PIP_CONFIG_FILE"] = "/dev/null",
            ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1",
            ["PIP_CACHE_DIR"] = $"{place}/pip-cache",
            ["TMPDIR"] = temporary,
            ["WORKON_HOME"] = home,
            ["VIRTUAL_ENV"] = "",
        };
        var warm = new Dictionary<string, string>(pip) { ["MAYFLY_STORE"] = $"{place}/store" };
        var copying = new Dictionary<string, string>(pip) { ["MAYFLY_STORE"] = $"{place}/store-that-copies", ["MAYFLY_PREPARE"] = "0" };
        await Outside.RunAsync([Python, "-m", "venv", $"{home}/theirs"], cancellationToken);
        await Mayfly("create", "large", "--python", Python);
        await Mayfly("install", "big000", "--env", "large");
        await File.WriteAllTextAsync(graph, "node000\n", cancellationToken);

        // The name of what the turn works on, another one each time.
        var (turn, current) = (0, "");
        var series = await Alternation.RunAsync(place, rounds, 2, cancellationToken,
            new(() => Mayfly("create", current, "--python", Python)) { Before = Named },
            new(() => Outside.RunAsync(["virtualenv", "--quiet", "--python", Python, $"{home}/{current}"], cancellationToken)) { Before = Named },
            new(() => Outside.RunAsync([Python, "-m", "venv", $"{home}/{current}"], cancellationToken)) { Before = Named },
            new(() => Mayfly("install", "django", "--env", current)) { Before = OursAsync },
            new(() => Pip(current, "install", "--quiet", "django")) { Before = TheirsAsync },
            new(() => Outside.RunAsync([tool, "env", "install", "django", "--env", current], cancellationToken, new Dictionary<string, string>(pip) { ["MAYFLY_STORE"] = $"{place}/store-of-{current}" })) { Before = OursAsync },
            new(() => Pip(current, "install", "--quiet", "--no-cache-dir", "django")) { Before = TheirsAsync },
            new(() => Mayfly("install", "big000", "--env", current)) { Before = OursAsync },
            new(() => Outside.RunAsync(["cp", "-a", $"{home}/large", $"{home}/{current}"], cancellationToken)) { Before = Named },
            new(() => Mayfly("lock", "--python", Python, "-r", graph, "-o", $"{place}/{current}.toml")) { Before = Named },
            new(() => Pip("theirs", "install", "--quiet", "--dry-run", "-r", graph)),
            new(() => Outside.RunAsync([tool, "--version"], cancellationToken)),
            new(() => Outside.RunAsync([Workshop.Launcher, "--version"], cancellationToken)),
            new(() => Outside.RunAsync([tool, "env", "install", "django", "--env", current], cancellationToken, copying)) { Before = OursAsync });
        return new Findings(
            [
                new(ByVirtualenv, series[0].Time, series[1].Time), new(ByVenv, series[0].Time, series[2].Time), new(Warm, series[3].Time, series[4].Time), new(Copied, series[13].Time, series[4].Time), new(Cold, series[5].Time, series[6].Time),
                new(Large, series[7].Time, series[8].Time), new(Graph, series[9].Time, series[10].Time), new(Released, series[11].Time, null), new(Cloned, series[12].Time, null), new(Workon, await WorkonAsync(), null),
            ],
            [
                $"{wheels.Count} wheels of {wheels.Files} files, {wheels.Bytes / 1e6:0} MB, served by nginx on this machine with digests and metadata; the interpreter is Debian's, pip its own",
                "floor of the large set: the same files copied by cp -a, on one processor; Mayfly asks the index for every project meanwhile, and compares every checksum",
                "nothing is removed before the end: some file systems take long to make a file where others were removed a moment ago",
                "where files of a wheel are prepared, a process of its own made them after the turn before, which nobody waited for: about what the turn without them takes longer",
                "Mayfly's environments have no pip at first: it is brought when it is first needed; Python compiles modules when they are first loaded, pip does it as it installs",
            ]);

        Task<string> Mayfly(params string[] words) => Outside.RunAsync([tool, "env", .. words], cancellationToken, warm);

        Task<string> Pip(string environment, params string[] words) => Outside.RunAsync([$"{home}/{environment}/bin/pip", .. words], cancellationToken, pip);

        Task Named()
        {
            current = $"turn-{++turn}";
            return Task.CompletedTask;
        }

        async Task OursAsync()
        {
            await Named();
            await Mayfly("create", current, "--python", Python);
        }

        async Task TheirsAsync()
        {
            await Named();
            await Outside.RunAsync([Python, "-m", "venv", $"{home}/{current}"], cancellationToken);
        }

        string Archive(string package) => workshop.Store.PathOf(StoreArea.Artifacts, workshop.Lock.Packages.First(one => one.Name == package).Sha256);

        async Task<Spread> WorkonAsync()
        {
            await File.WriteAllTextAsync($"{place}/words.sh", await Outside.RunAsync([tool, "shell-init", "bash"], cancellationToken, warm), cancellationToken);
            var said = await Outside.RunAsync(["bash", "-c", $"source {place}/words.sh; workon large; for i in $(seq {rounds * 4}); do begin=$EPOCHREALTIME; workon theirs; end=$EPOCHREALTIME; echo $begin $end; workon large; done"], cancellationToken, warm);
            return Spread.Of(Unit.Seconds, [.. said.Trim().Split('\n').Select(static line => line.Split(' ')).Where(static pair => pair is [var begin, _] && begin.Contains('.', StringComparison.Ordinal)).Select(static pair => double.Parse(pair[1], CultureInfo.InvariantCulture) - double.Parse(pair[0], CultureInfo.InvariantCulture))]);
        }
    }
}
