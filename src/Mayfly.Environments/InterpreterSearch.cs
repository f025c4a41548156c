using System.Text.RegularExpressions;
using Mayfly.Packages;
using Mayfly.Packages.Python;

namespace Mayfly.Environments;

/// <summary>Finds the host's interpreters: those that a shell would start, then pyenv's.</summary>
/// <param name="store">Keeps what interpreters answer.</param>
/// <param name="variables">Of the process: <c>PATH</c>, <c>HOME</c>, <c>PYENV_ROOT</c>, <c>PYENV_VERSION</c>.</param>
/// <param name="folder">Where the command was given, for pyenv's <c>.python-version</c>.</param>
public sealed partial class InterpreterSearch(Store store, IReadOnlyDictionary<string, string> variables, string folder)
{
    /// <summary>Those of this process.</summary>
    public static InterpreterSearch OfHost(Store store) => new(store, Environment.GetEnvironmentVariables().Keys.Cast<string>().ToDictionary(static name => name, static name => Environment.GetEnvironmentVariable(name)!), Directory.GetCurrentDirectory());

    /// <summary>All that answer, each once, in the order in which they are looked for.</summary>
    public IReadOnlyList<Interpreter> All() => [.. Programs().Select(Answering).OfType<Interpreter>().DistinctBy(static one => one.Executable)];

    /// <summary>The one that is meant.</summary>
    /// <param name="wanted">A version (<c>3.12</c>, <c>3.12.1</c>, <c>&gt;=3.10,&lt;3.13</c>), a program (<c>python3.12</c>) or a path; null for the one that a shell starts.</param>
    /// <exception cref="MayflyException">There is none; the hint has those that there are.</exception>
    public Interpreter Find(string? wanted = null)
    {
        if (wanted is null)
            return Programs().Select(Answering).OfType<Interpreter>().FirstOrDefault() ?? throw None("no Python interpreter is found");
        if (wanted.Contains('/', StringComparison.Ordinal))
        {
            var path = Path.GetFullPath(wanted);
            if (Directory.Exists(path) && !File.Exists($"{path}/bin/python"))
                throw None($"{path} is a folder without bin/python in it");
            return Interpreter.Ask(Directory.Exists(path) ? $"{path}/bin/python" : path, store);
        }

        if (Version().Match(wanted) is { Success: true } named)
        {
            var (version, isFree) = (named.Value.TrimEnd('t'), named.Value.EndsWith('t'));
            var likely = Programs().Where(program => NameVersion(program)?.TrimEnd('t') is not { } said || said == version || version.StartsWith($"{said}.", StringComparison.Ordinal) || said.StartsWith($"{version}.", StringComparison.Ordinal));
            // A version is one of CPython, as long as there is one; one without the global lock is asked for by its "t".
            return Asked(likely, static program => !IsPyPy(program)) ?? Asked(likely, IsPyPy) ?? throw None($"no Python {wanted} is found");

            Interpreter? Asked(IEnumerable<string> programs, Func<string, bool> which) => programs.Where(which).Select(Answering).OfType<Interpreter>().FirstOrDefault(one => one.IsFreeThreaded == isFree && Is(one, version));
        }

        if (wanted.AsSpan().IndexOfAny("<>=!~") == 0)
        {
            var specifier = VersionSpecifier.Parse(wanted);
            return All().FirstOrDefault(one => specifier.Allows(one.Target.Version, preReleases: true)) ?? throw None($"no Python {wanted} is found");
        }

        // Another name of the same program may have come before it.
        return Programs().Where(program => $"{Path.GetDirectoryName(program)}/{wanted}" is var named && (named == program || (File.Exists(named) && Real(named) == Real(program)))).Select(Answering).OfType<Interpreter>().FirstOrDefault() ?? throw None($"no {wanted} is found");
    }

    /// <summary>True for what interpreters are called: <c>python3.11</c>.</summary>
    internal static bool IsName(string program) => Name().IsMatch(program);

    private static bool IsPyPy(string program) => Path.GetFileName(program).StartsWith("pypy", StringComparison.Ordinal);

    private static bool Is(Interpreter interpreter, string version) =>
        interpreter.Target.Markers.PythonFullVersion is var full && (full == version || full.StartsWith($"{version}.", StringComparison.Ordinal));

    private MayflyException None(string what)
    {
        var all = All();
        return new MayflyException(what, all.Count == 0 ? "install one (apt-get install python3), or name its path with --python"
            : $"there are {string.Join(", ", all.Select(static one => $"{(one.IsCPython ? one.Name["Python ".Length..] : one.Name)} ({one.Executable})"))}; name one of them with --python, or a path");
    }

    private Interpreter? Answering(string program)
    {
        try
        {
            return Interpreter.Ask(program, store);
        }
        catch (MayflyException)
        {
            return null;
        }
    }

    /// <summary>Paths of programs that are called like interpreters.</summary>
    private IEnumerable<string> Programs()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var pyenv = variables.GetValueOrDefault("PYENV_ROOT") is { Length: > 0 } root ? root : $"{variables.GetValueOrDefault("HOME")}/.pyenv";
        foreach (var place in (variables.GetValueOrDefault("PATH") ?? "/usr/local/bin:/usr/bin:/bin").Split(':', StringSplitOptions.RemoveEmptyEntries).Append("/usr/bin"))
        {
            // What is there starts pyenv, which looks for a version; the version is looked for here.
            foreach (var folder in Path.TrimEndingDirectorySeparator(place) == $"{pyenv}/shims" ? Chosen(pyenv) : [place])
            {
                foreach (var program in In(folder).Where(program => seen.Add(Real(program))))
                    yield return program;
            }
        }

        foreach (var version in Versions(pyenv).Reverse())
        {
            foreach (var program in In($"{pyenv}/versions/{version}/bin").Where(program => seen.Add(Real(program))))
                yield return program;
        }
    }

    /// <summary>In a folder: python3, python, then those of one version each, the newest first.</summary>
    private static IEnumerable<string> In(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFiles(folder).Where(static path => Name().IsMatch(Path.GetFileName(path)))
                .OrderBy(static path => Path.GetFileName(path) switch { "python3" => 0, "python" => 1, var name when name.StartsWith("python", StringComparison.Ordinal) => 2, _ => 3 })
                .ThenByDescending(static path => NameVersion(path) is { } version ? int.Parse(version.Split('.')[^1].TrimEnd('t'), System.Globalization.CultureInfo.InvariantCulture) : 0)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The folders of those versions that pyenv would start here.</summary>
    private IEnumerable<string> Chosen(string pyenv)
    {
        var text = variables.GetValueOrDefault("PYENV_VERSION") is { Length: > 0 } said ? said.Replace(':', '\n') : File("version");
        var versions = Versions(pyenv).ToArray();
        foreach (var name in (text ?? "").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            // 3.12 means the newest 3.12 that is there.
            if (versions.LastOrDefault(version => version == name || version.StartsWith($"{name}.", StringComparison.Ordinal)) is { } version)
                yield return $"{pyenv}/versions/{version}/bin";
        }

        string? File(string name)
        {
            for (var at = folder; at is not null; at = Path.GetDirectoryName(at))
            {
                if (System.IO.File.Exists($"{at}/.python-version"))
                    return System.IO.File.ReadAllText($"{at}/.python-version");
            }

            return System.IO.File.Exists($"{pyenv}/{name}") ? System.IO.File.ReadAllText($"{pyenv}/{name}") : null;
        }
    }

    /// <summary>The oldest first.</summary>
    private static IEnumerable<string> Versions(string pyenv) => Directory.Exists($"{pyenv}/versions")
        ? Directory.GetDirectories($"{pyenv}/versions").Select(Path.GetFileName).OfType<string>().OrderBy(static name => PythonVersion.TryParse(name) ?? PythonVersion.Parse("0")) : [];

    private static string Real(string program)
    {
        try
        {
            return new FileInfo(program).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? program;
        }
        catch (IOException)
        {
            return program; // A link that leads back to itself; that it does not run is found out when it is asked.
        }
    }

    /// <summary>What a program's name says of its version: 3.12 of python3.12.</summary>
    private static string? NameVersion(string program) => Name().Match(Path.GetFileName(program)) is { Success: true } match && match.Groups[1].Value.Contains('.', StringComparison.Ordinal) ? match.Groups[1].Value : null;

    [GeneratedRegex(@"^(?:python|pypy)(\d+(?:\.\d+)?t?)?$")]
    private static partial Regex Name();

    [GeneratedRegex(@"^\d+(\.\d+)*t?$")]
    private static partial Regex Version();
}
