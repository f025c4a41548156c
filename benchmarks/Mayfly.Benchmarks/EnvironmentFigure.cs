using System.Globalization;
using Mayfly.Linux;
using Mayfly.Packages;

namespace Mayfly.Benchmarks;

/// <summary>Environments of Python packages made, filled and entered.</summary>
internal sealed class EnvironmentFigure : Figure
{
    private const string Python = "/usr/bin/python3";

    private static readonly Line ByVirtualenv = new("an empty environment made", "virtualenv", Most: 1 / 20.0);
    private static readonly Line ByVenv = new("an empty environment made", "python -m venv", Most: 1 / 50.0);
    private static readonly Line Warm = new("Django and what it needs installed, everything fetched before", "pip install, everything in its cache", Most: 1 / 20.0);
    private static readonly Line Cold = new("the same, nothing fetched before", "pip install --no-cache-dir", Most: 1 / 4.0);
    private static readonly Line Large = new("100 wheels of 20,000 files installed, everything fetched before", "cp -a of the same files", Most: 1.2);
    private static readonly Line Graph = new("100 projects of 10 versions resolved, going back", "pip install --dry-run", Most: 1 / 20.0);
    private static readonly Line Released = new("the tool started, as a release", "", Limit: new Amount(0.015, Unit.Seconds));
    private static readonly Line Cloned = new("the tool started, as in a clone", "", Limit: new Amount(0.1, Unit.Seconds));
    private static readonly Line Workon = new("workon, from one environment to another, in bash", "", Limit: new Amount(0.01, Unit.Seconds));

    public override string Name => "env";

    public override string Title => "environments of Python packages";

    public override IReadOnlyList<Line> Lines => [ByVirtualenv, ByVenv, Warm, Cold, Large, Graph, Released, Cloned, Workon];

    public override IReadOnlyList<Need> Needs => [new(Python, "python3-venv"), new("virtualenv", "virtualenv"), new("nginx", "nginx-light"), new("gcc", "gcc libc6-dev")];

    public override int Rounds => 5;

    public override async Task<Findings> MeasureAsync(Workshop workshop, int rounds, CancellationToken cancellationToken)
    {
        var index = workshop.PathFor("python-index");
        var wheels = new PythonWheels(index);
        await wheels.AddAsync("python3-django", Archive("python3-django"), "django", "3.2.19", ["asgiref<4,>=3.5.2", "sqlparse>=0.2.2"], cancellationToken);
        await wheels.AddAsync("python3-asgiref", Archive("python3-asgiref"), "asgiref", "3.6.0", [], cancellationToken);
        await wheels.AddAsync("python3-sqlparse", Archive("python3-sqlparse"), "sqlparse", "0.4.2", [], cancellationToken);
        wheels.AddLarge();
        wheels.AddGraph();
        wheels.Write();
        using var server = await LocalServer.StartAsync(workshop, index, cancellationToken);
        var tool = await workshop.ReleaseAsync(cancellationToken);
        var (home, store, empty) = (workshop.PathFor("environments"), workshop.PathFor("environment-store"), workshop.PathFor("empty-store"));
        var pip = new Dictionary<string, string>
        {
            ["PIP_INDEX_URL"] = server.Address.AbsoluteUri,
            ["PIP_FIND_LINKS"] = "",
            ["PIP_CONFIG_FILE"] = "/dev/null",
            ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1",
            ["PIP_CACHE_DIR"] = workshop.PathFor("pip-cache"),
            ["WORKON_HOME"] = home,
            ["VIRTUAL_ENV"] = "",
        };
        var (warm, cold) = (new Dictionary<string, string>(pip) { ["MAYFLY_STORE"] = store }, new Dictionary<string, string>(pip) { ["MAYFLY_STORE"] = empty });
        await Outside.RunAsync([Python, "-m", "venv", $"{home}/theirs"], cancellationToken);
        await Mayfly("create", "large", "--python", Python);
        await Mayfly("install", "big000", "--env", "large");
        await File.WriteAllTextAsync(workshop.PathFor("graph.txt"), "node000\n", cancellationToken);

        var series = await Alternation.RunAsync(workshop.WorkFolder, rounds, 1, cancellationToken,
            new(() => Mayfly("create", "made", "--python", Python)) { Before = Gone($"{home}/made") },
            new(() => Outside.RunAsync(["virtualenv", "--quiet", "--python", Python, $"{home}/by-virtualenv"], cancellationToken)) { Before = Gone($"{home}/by-virtualenv") },
            new(() => Outside.RunAsync([Python, "-m", "venv", $"{home}/by-venv"], cancellationToken)) { Before = Gone($"{home}/by-venv") },
            new(() => Mayfly("install", "django", "--env", "ours")) { Before = EmptyAsync },
            new(() => Pip("install", "--quiet", "django")) { Before = WithoutDjangoAsync },
            new(() => Outside.RunAsync([tool, "env", "install", "django", "--env", "ours"], cancellationToken, cold)) { Before = async () => { await EmptyAsync(); Trees.Remove(empty); } },
            new(() => Pip("install", "--quiet", "--no-cache-dir", "django")) { Before = WithoutDjangoAsync },
            new(() => Mayfly("install", "big000", "--env", "ours")) { Before = EmptyAsync },
            new(() => Outside.RunAsync(["cp", "-a", $"{home}/large", $"{home}/copied"], cancellationToken)) { Before = Gone($"{home}/copied") },
            new(() => Mayfly("lock", "--python", Python, "-r", workshop.PathFor("graph.txt"), "-o", workshop.PathFor("graph.toml"))) { Before = () => { File.Delete(workshop.PathFor("graph.toml")); return Task.CompletedTask; } },
            new(() => Pip("install", "--quiet", "--dry-run", "-r", workshop.PathFor("graph.txt"))),
            new(() => Outside.RunAsync([tool, "--version"], cancellationToken)),
            new(() => Outside.RunAsync([Workshop.Launcher, "--version"], cancellationToken)));
        return new Findings(
            [
                new(ByVirtualenv, series[0].Time, series[1].Time), new(ByVenv, series[0].Time, series[2].Time), new(Warm, series[3].Time, series[4].Time), new(Cold, series[5].Time, series[6].Time),
                new(Large, series[7].Time, series[8].Time), new(Graph, series[9].Time, series[10].Time), new(Released, series[11].Time, null), new(Cloned, series[12].Time, null), new(Workon, await WorkonAsync(), null),
            ],
            [
                $"{wheels.Count} wheels of {wheels.Files} files, {wheels.Bytes / 1e6:0} MB, served by nginx on this machine with digests and metadata; the interpreter is Debian's, pip its own",
                "floor of the large set: the same files copied by cp -a, on one processor; Mayfly asks the index for every project meanwhile, and compares every length",
                "Mayfly's environments have no pip at first: it is brought when it is first needed; Python compiles modules when they are first loaded, pip does it as it installs",
            ]);

        Task<string> Mayfly(params string[] words) => Outside.RunAsync([tool, "env", .. words], cancellationToken, warm);

        Task<string> Pip(params string[] words) => Outside.RunAsync([$"{home}/theirs/bin/pip", .. words], cancellationToken, pip);

        Task WithoutDjangoAsync() => Pip("uninstall", "--quiet", "--yes", "django", "asgiref", "sqlparse");

        async Task EmptyAsync()
        {
            Trees.Remove($"{home}/ours");
            Trees.Remove($"{home}/.ours.before");
            await Mayfly("create", "ours", "--python", Python);
        }

        static Func<Task> Gone(string path) => () =>
        {
            Trees.Remove(path);
            return Task.CompletedTask;
        };

        string Archive(string package) => workshop.Store.PathOf(StoreArea.Artifacts, workshop.Lock.Packages.First(one => one.Name == package).Sha256);

        async Task<Spread> WorkonAsync()
        {
            await File.WriteAllTextAsync(workshop.PathFor("words.sh"), await Outside.RunAsync([tool, "shell-init", "bash"], cancellationToken, warm), cancellationToken);
            var said = await Outside.RunAsync(["bash", "-c", $"source {workshop.PathFor("words.sh")}; workon large; for i in $(seq {rounds * 4}); do begin=$EPOCHREALTIME; workon theirs; end=$EPOCHREALTIME; echo $begin $end; workon large; done"], cancellationToken, warm);
            return Spread.Of(Unit.Seconds, [.. said.Trim().Split('\n').Select(static line => line.Split(' ')).Where(static pair => pair is [var begin, _] && begin.Contains('.', StringComparison.Ordinal)).Select(static pair => double.Parse(pair[1], CultureInfo.InvariantCulture) - double.Parse(pair[0], CultureInfo.InvariantCulture))]);
        }
    }
}
