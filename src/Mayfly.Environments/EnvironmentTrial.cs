using System.Globalization;
using Mayfly.Packages;
using Mayfly.Packages.Python;

namespace Mayfly.Environments;

/// <summary>Tries wheels together before others get them: in a fresh environment, by what they say of each other and by running them.</summary>
/// <param name="store">Has them.</param>
/// <param name="interpreter">What they run on.</param>
/// <param name="name">What they are called together, in messages.</param>
/// <param name="limit">How long each test may take, or importing each distribution; <see cref="Timeout.InfiniteTimeSpan"/> for as long as it likes.</param>
public sealed class EnvironmentTrial(Store store, Interpreter interpreter, string name, TimeSpan limit)
{
    private const string Title = "try wheels";

    private const string Import = "import importlib, sys\nfor name in sys.argv[1:]:\n    importlib.import_module(name)\n";

    /// <summary>Returns when all is well; nothing is left of the environment in either case.</summary>
    /// <param name="wheels">Name and SHA-256 of each.</param>
    /// <param name="commands">What to run in it, by the shell and in this folder; empty: every module that can be imported by itself is.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="MayflyException">They do not fit together or to the interpreter, or a test fails or takes too long; the message has the end of what it said.</exception>
    public async Task RunAsync(IReadOnlyList<(string Name, string Sha256)> wheels, IReadOnlyList<string> commands, IProgress<Activity>? progress = null, CancellationToken cancellationToken = default)
    {
        progress?.Report(new Activity(Title, $"install {Counted(wheels.Count, "wheel")} with {interpreter.Name}"));
        using var work = store.BeginWork("trial");
        var unpacked = UnpackedWheel.All(store, wheels, progress, cancellationToken);
        foreach (var (wheel, file) in unpacked.Zip(wheels))
            RequireFit(wheel, file.Name);
        var root = $"{work.Path}/environment";
        var environment = VirtualEnvironment.Create(root, interpreter, install: [.. unpacked.Select(wheel => WheelPlan.Of(wheel, interpreter, root, isRequested: true))]);
        if (EnvironmentCheck.Of(environment) is { Count: > 0 } faults)
            throw new MayflyException($"{name} does not fit together:\n{string.Join('\n', faults.Select(static fault => $"  {fault}"))}", "lock it anew, with all that it needs: mayfly env lock, or mayfly lock for a stack");
        if (commands.Count > 0)
            await CommandsAsync(environment, commands, progress, cancellationToken).ConfigureAwait(false);
        else
            await ImportsAsync(environment, Directory.CreateDirectory($"{work.Path}/empty").FullName, progress, cancellationToken).ConfigureAwait(false);
        progress?.Report(new Activity(Title, $"{Counted(wheels.Count, "wheel")} together with {interpreter.Name}") { Ended = true });
    }

    /// <summary>The modules of a distribution that stand by themselves: the first level, and where that is a namespace's folder, the packages in it (PEP 420).</summary>
    /// <param name="files">As its <c>RECORD</c> has them.</param>
    public static IReadOnlyList<string> ModulesOf(IReadOnlyList<string> files)
    {
        var packages = files.Select(static file => file.Split('/')).Where(static parts => parts.Length > 1 && ModuleName(parts[^1]) == "__init__" && parts[..^1].All(IsIdentifier))
            .Select(static parts => string.Join('.', parts[..^1])).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. files.Where(static file => !file.Contains('/', StringComparison.Ordinal)).Select(ModuleName).OfType<string>().Where(static module => IsIdentifier(module) && module != "__init__")
                .Concat(packages.Where(package => !Outer(package).Any(packages.Contains))).Distinct().Order(StringComparer.Ordinal),
        ];

        static IEnumerable<string> Outer(string package)
        {
            for (var dot = package.LastIndexOf('.'); dot > 0; dot = package.LastIndexOf('.', dot - 1))
                yield return package[..dot];
        }

        static bool IsIdentifier(string text) => text.Length > 0 && !char.IsAsciiDigit(text[0]) && text.All(static c => char.IsLetterOrDigit(c) || c == '_');
    }

    /// <summary>Of a file of source or of machine code: <c>_cffi_backend</c> of <c>_cffi_backend.cpython-311-x86_64-linux-gnu.so</c>; null for others.</summary>
    private static string? ModuleName(string file) => file.EndsWith(".py", StringComparison.Ordinal) || file.EndsWith(".so", StringComparison.Ordinal) ? file[..file.IndexOf('.')] : null;

    private void RequireFit(UnpackedWheel wheel, string file)
    {
        var target = interpreter.Target;
        if (target.Rank(wheel.Name) == int.MaxValue)
            throw new MayflyException($"{file} cannot be tried: {interpreter.Name} on this machine ({interpreter.Executable}) does not run it", "name an interpreter that does with --python, or publish where there is one");
        var metadata = CoreMetadata.Read(wheel.Metadata, file);
        if (!target.Allows(metadata.RequiresPython))
            throw new MayflyException($"{file} is for Python {metadata.RequiresPython}, and {interpreter.Executable} is {interpreter.Name}", "name an interpreter that it is for with --python");
    }

    private async Task CommandsAsync(VirtualEnvironment environment, IReadOnlyList<string> commands, IProgress<Activity>? progress, CancellationToken cancellationToken)
    {
        foreach (var command in commands)
        {
            progress?.Report(new Activity(Title, command));
            // One pipe for both outputs, and nothing held back: so what it says is in the order in which it was said.
            var (code, said) = await HeardProcess.RunWithinAsync(environment.Root, "/bin/sh", ["-c", $"exec 2>&1\n{command}"], Directory.GetCurrentDirectory(), [("PYTHONNOUSERSITE", "1"), ("PYTHONUNBUFFERED", "1")], limit, cancellationToken).ConfigureAwait(false);
            if (code is null)
                throw Failed($"the test of {name} did not end within {Told(limit)}, and was ended with all that it had started: `{command}`", said, "mend what it waits for, or give it more time with --test-timeout");
            if (code != 0)
                throw Failed($"the test of {name} failed: `{command}`, with exit code {code}", said, "it runs in an environment that has these wheels and nothing else; mend them or the test, and publish again");
        }
    }

    private async Task ImportsAsync(VirtualEnvironment environment, string folder, IProgress<Activity>? progress, CancellationToken cancellationToken)
    {
        var all = environment.Installed().Select(static one => (One: one, Modules: ModulesOf(one.Files))).Where(static pair => pair.Modules.Count > 0).ToArray();
        var ended = new (int? Code, string Said)[all.Length];
        var done = 0;
        // Each in a process of its own: what one of them changes as it is imported must not help another.
        await Parallel.ForEachAsync(Enumerable.Range(0, all.Length), new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken }, async (number, token) =>
        {
            ended[number] = await HeardProcess.RunWithinAsync(environment.Root, $"{environment.Root}/bin/python", ["-I", "-c", Import, .. all[number].Modules], folder, [], limit, token).ConfigureAwait(false);
            progress?.Report(new Activity(Title, $"import {all[number].One.Project}") { Done = Interlocked.Increment(ref done), Total = all.Length });
        }).ConfigureAwait(false);
        string[] failed = [.. all.Zip(ended).Where(static pair => pair.Second.Code != 0).Select(static pair => $"{pair.First.One.Project} {pair.First.One.Version}")];
        if (failed.Length == 0)
            return;
        var first = Array.FindIndex(ended, static one => one.Code != 0);
        var others = failed.Length > 1 ? $", and neither can {string.Join(", ", failed[1..])}" : "";
        const string Other = "where importing is no fair test, give another one with --test 'COMMAND'";
        throw ended[first].Code is { } code
            ? Failed($"{failed[0]} of {name} cannot be imported ({string.Join(", ", all[first].Modules)}){others}, with exit code {code}", ended[first].Said, $"mend the wheel, or lock what it needs with it; {Other}")
            : Failed($"{failed[0]} of {name} cannot be imported ({string.Join(", ", all[first].Modules)}) within {Told(limit)}{others}", ended[first].Said, $"mend the wheel, or give it more time with --test-timeout; {Other}");
    }

    private MayflyException Failed(string what, string said, string hint) => said.Trim().Length == 0
        ? new MayflyException($"{what}, and said nothing", hint)
        : new MayflyException($"{what}:\n{HeardProcess.EndOf(said)}", $"{hint}; all that it said is in {HeardProcess.Keep(store, $"trial-{Guid.NewGuid().ToString("n")[..8]}", said)}");

    private static string Told(TimeSpan time) => time.TotalSeconds % 60 == 0 ? Counted((int)time.TotalMinutes, "minute") : time.TotalSeconds == 1 ? "1 second" : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds} seconds");

    private static string Counted(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";
}
