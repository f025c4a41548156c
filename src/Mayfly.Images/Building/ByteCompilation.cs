using System.Text.RegularExpressions;
using Mayfly.Images.Dpkg;
using Mayfly.Images.Layers;
using Mayfly.Linux;

namespace Mayfly.Images.Building;

/// <summary>
/// Compiles Python's files to byte code on another core while dpkg configures packages, which is a quarter of the work of an
/// image with Python and of which no other script looks at the result.
/// </summary>
/// <remarks>
/// What it keeps: commands that scripts of packages will probably run, each with the files it made; and the commands that scripts
/// did ask for, which <see cref="Shims"/> makes them note instead of running. How it changes: when a stage is placed, its probable commands run over
/// the same layers in a root of their own, whose changes nobody sees; at the end, what was asked for takes over the files made for the
/// very same command, and is run then when nobody foresaw it. The commands are the packages' own, with their own interpreter, so the bytes are
/// the same. Why not simply later: the scripts of Python's packages come last, and a core would idle until then.
/// </remarks>
internal sealed partial class ByteCompilation(string work, CancellationToken cancellationToken) : IDisposable
{
    /// <summary>A folder of the shims' layer, below the root.</summary>
    public const string Folder = "usr/lib/mayfly-build";

    /// <summary>The real compiler of packages' modules, which a shim stands before.</summary>
    public const string Compiler = $"{Folder}/py3compile";

    /// <summary>Notes a command line instead of running it.</summary>
    public const string Note = $"{Folder}/note";

    private const string Place = "dev/mayfly";

    /// <summary>Scripts of packages run in <c>/</c>, as the command will; from elsewhere it is run at once. /dev is private and no part of an image.</summary>
    public const string NoteText = $"""
        #!/bin/sh
        [ "$PWD" = / ] && [ -d /{Place} ] || exec "$@"
        printf '%s\0' "$@" >/{Place}/$$

        """;

    private readonly Dictionary<string, Ahead> _ahead = new(StringComparer.Ordinal);
    private readonly List<string> _begun = [], _asked = [], _made = [];
    private int _keptBegun, _keptAsked;
    private BuildRoot? _copy;
    private Task _running = Task.CompletedTask;

    /// <summary>A command that was run ahead. <see cref="Made"/> stays null when it failed.</summary>
    private sealed class Ahead
    {
        public IReadOnlyList<string>? Made { get; set; }

        public string Upper { get; set; } = "";

        /// <summary>Where it ran is kept for other builds.</summary>
        public bool IsKept { get; set; }
    }

    /// <summary>What was asked for and begun between two moments.</summary>
    public sealed record Span(IReadOnlyList<IReadOnlyList<string>> Asked, IReadOnlyList<string> Begun);

    /// <summary>Begins with what an earlier build did while it configured the same stages.</summary>
    public void Resume(Prefix prefix)
    {
        _asked.AddRange(prefix.Record.Asked.Select(Line));
        foreach (var compiled in prefix.Record.Compiled)
            _ahead[Line(compiled.Command)] = new Ahead { Made = compiled.Files, Upper = $"{prefix.Folder}/{compiled.Folder}", IsKept = true };
        _made.AddRange(prefix.Record.Compiled.Select(compiled => $"{prefix.Folder}/{compiled.Folder}").Distinct(StringComparer.Ordinal));
        _keptAsked = _asked.Count;
    }

    /// <summary>What came since the last call, which is kept: nothing of it is moved away at the end.</summary>
    public Span Keep()
    {
        var span = new Span([.. _asked.Skip(_keptAsked).Select(Words)], [.. _begun.Skip(_keptBegun)]);
        foreach (var line in span.Begun)
            _ahead[line].IsKept = true;
        (_keptBegun, _keptAsked) = (_begun.Count, _asked.Count);
        return span;
    }

    /// <summary>Of commands begun, those that came to something, each with the folder it is in; to be called when <see cref="Rest"/> has been.</summary>
    public IEnumerable<(IReadOnlyList<string> Command, string Folder, IReadOnlyList<string> Files)> Compiled(Span span) =>
        span.Begun.Where(line => _ahead[line].Made is not null).Select(line => ((IReadOnlyList<string>)Words(line), _ahead[line].Upper, _ahead[line].Made!));

    /// <summary>Begins with what the scripts of these packages, just placed on top of the layers, will probably ask for.</summary>
    public void Begin(IReadOnlyList<DpkgPackage> packages, IReadOnlyList<string> layers)
    {
        var commands = new List<(IReadOnlyList<string> Command, Ahead Ahead)>();
        foreach (var command in packages.SelectMany(package => Probable(package, layers)))
        {
            var ahead = new Ahead();
            if (!_ahead.TryAdd(Line(command), ahead))
                continue;
            commands.Add((command, ahead));
            _begun.Add(Line(command));
        }

        if (commands.Count == 0)
            return;
        // They would be put in place by dpkg, at last; the interpreter's own configuration is among what is compiled.
        var waiting = packages.SelectMany(static package => package.Conffiles).Select(static file => file.Path.TrimStart('/')).Where(static path => path.EndsWith(".py", StringComparison.Ordinal)).ToList();
        IReadOnlyList<string> below = [.. layers];
        var before = _running;
        _running = Task.Run(async () =>
        {
            await before.ConfigureAwait(false);
            Run(commands, waiting, below);
        }, cancellationToken);
    }

    /// <summary>Lets scripts in a mounted root note what they ask for.</summary>
    public static void Open(BuildRoot root) => root.Run(() => Nodes.MakeDirectory($"{root.Root}/{Place}", 0x1ed));

    /// <summary>Takes what was noted, before the root is unmounted.</summary>
    public void Collect(BuildRoot root) => root.Run(() =>
    {
        foreach (var file in new DirectoryInfo($"{root.Root}/{Place}").GetFiles().OrderBy(static file => file.LastWriteTimeUtc))
        {
            if (File.ReadAllText(file.FullName) is var line && !_asked.Contains(line))
                _asked.Add(line);
        }
    });

    /// <summary>Waits for what runs ahead and gives the commands that were asked for and are yet to be run, in that order.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Rest()
    {
        _running.GetAwaiter().GetResult();
        return [.. _asked.Where(line => _ahead.GetValueOrDefault(line)?.Made is null).Select(Words)];
    }

    /// <summary>Moves the files that were made ahead and asked for into a tree of the same file system; of what is kept a copy.</summary>
    public void MoveInto(string tree)
    {
        foreach (var line in _asked)
        {
            if (_ahead.GetValueOrDefault(line) is not { Made: { } made } ahead)
                continue;
            foreach (var path in made)
                LayerTree.Move(ahead.Upper, tree, path, ahead.IsKept);
        }
    }

    public void Dispose()
    {
        Task.WaitAny(_running);
        _copy?.Dispose();
    }

    private void Run(IReadOnlyList<(IReadOnlyList<string> Command, Ahead Ahead)> commands, IReadOnlyList<string> waiting, IReadOnlyList<string> layers)
    {
        if (_copy is null)
        {
            Directory.CreateDirectory(work);
            _copy = new BuildRoot(work);
        }

        // With what earlier stages made, or an interpreter would compile for itself what it imports.
        var upper = _copy.Mount([.. layers.Select(_copy.Open), .. _made], forPackages: true);
        _copy.Run(() =>
        {
            foreach (var path in waiting.Select(path => $"{_copy.Root}/{path}").Where(static path => File.Exists($"{path}.dpkg-new") && !File.Exists(path)))
                Files.Link($"{path}.dpkg-new", path);
        });
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (command, ahead) in commands)
        {
            var result = _copy.Start(command, ScriptEnvironment.ForPackages, null, cancellationToken);
            var made = Compiled(upper).Where(known.Add).ToList();
            if (result.ExitCode == 0)
                (ahead.Made, ahead.Upper) = (made, upper);
        }

        _copy.Unmount();
        // What failed is as if it had never been: neither kept for others nor imported by what comes after.
        if (commands.Any(static command => command.Ahead.Made is not null))
            _made.Add(upper);
    }

    private static IEnumerable<string> Compiled(string upper) =>
        Directory.EnumerateFiles(upper, "*.pyc", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None })
            .Select(path => path[(upper.Length + 1)..]).Order(StringComparer.Ordinal);

    private static string Line(IReadOnlyList<string> command) => string.Concat(command.Select(static argument => $"{argument}\0"));

    private static string[] Words(string line) => line.TrimEnd('\0').Split('\0');

    private static IEnumerable<IReadOnlyList<string>> Probable(DpkgPackage package, IReadOnlyList<string> layers)
    {
        var path = Path.Combine(package.Unpacked.ControlFolder, "postinst");
        if (!File.Exists(path))
            yield break;
        var script = File.ReadAllText(path, DpkgPackage.Bytes);
        foreach (Match match in CompilesPackage().Matches(script))
            yield return [$"/{Compiler}", .. match.Groups[1].Value.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)];
        if (CompilesLibrary().Match(script) is { Success: true } library && library.Groups[3].Value.Length == 0 && ListsLibrary().Match(script) is { Success: true } list)
        {
            var folder = $"/usr/lib/python{library.Groups[4].Value}/";
            string[] files = [.. new LayerView(layers).ReadText($"{DpkgDatabase.Folder}/info/{list.Groups[1].Value}.list").Split('\n').Where(line => line.StartsWith(folder, StringComparison.Ordinal) && line.EndsWith(".py", StringComparison.Ordinal))];
            if (files.Length > 0)
                yield return [.. library.Groups[2].Value.Split(' ')[..^1], .. files];
        }
    }

    /// <summary>How an interpreter's package compiles its own library: indentation, the command, <c>-O</c>, the version.</summary>
    [GeneratedRegex(@"^([ \t]*)(/usr/bin/python3\.\d+ -E -S (-O )?/usr/lib/python(3\.\d+)/py_compile\.py \$files)$", RegexOptions.Multiline)]
    public static partial Regex CompilesLibrary();

    [GeneratedRegex(@"^\s*files=\$\(dpkg -L (\S+)", RegexOptions.Multiline)]
    private static partial Regex ListsLibrary();

    /// <summary>What dh_python3 writes into postinst.</summary>
    [GeneratedRegex(@"^[ \t]*py3compile ((?:-[pV] \S+|/\S+)(?:[ \t]+(?:-[pV] \S+|/\S+))*)[ \t]*(?:\|\| true)?$", RegexOptions.Multiline)]
    private static partial Regex CompilesPackage();
}
