using System.Text;
using Mayfly.Packages.Python;

namespace Mayfly.Environments;

/// <summary>Which files a wheel brings into an environment; PEP 427, "Installing a wheel", and "Recording installed projects". Nothing is touched here.</summary>
public sealed record WheelPlan
{
    /// <summary>With this a script begins that wants the environment's own interpreter.</summary>
    private const string Python = "#!python";

    public required UnpackedWheel Wheel { get; init; }

    /// <summary>SHA-256 of the sources that the wheel was built from; null where it was not, or of a folder.</summary>
    public string? Source { get; init; }

    /// <summary>The index that it came from, without a password; null for none.</summary>
    public Uri? Index { get; init; }

    /// <summary>All files, its metadata too; the last one is <c>RECORD</c>.</summary>
    public required IReadOnlyList<PlannedFile> Files { get; init; }

    /// <param name="wheel">What is installed.</param>
    /// <param name="interpreter">What the environment was made with.</param>
    /// <param name="root">The environment's path as its users know it, which programs name.</param>
    /// <param name="isRequested">True when somebody asked for it, and not another distribution.</param>
    /// <param name="origin">Where it came from; null for an index.</param>
    /// <exception cref="MayflyException">It would write where no distribution may.</exception>
    public static WheelPlan Of(UnpackedWheel wheel, Interpreter interpreter, string root, bool isRequested, DirectUrl? origin = null)
    {
        var (name, packages) = ($"{wheel.Name.Project} {wheel.Name.Version}", interpreter.SitePackages);
        var (program, inPackages) = ($"{root}/bin/python", $"{packages}/");
        var data = $"{wheel.Information[..^".dist-info".Length]}.data/";
        var record = $"{wheel.Information}/RECORD";
        List<PlannedFile> files = [];
        foreach (var entry in wheel.Files.Where(entry => entry.Path != record))
        {
            if (!entry.Path.StartsWith(data, StringComparison.Ordinal))
            {
                Add(Copied(entry, $"{packages}/{entry.Path}"));
                continue;
            }

            if (entry.Path[data.Length..].Split('/', 2) is not [var kind, { Length: > 0 } path])
                throw Wrong($"{entry.Path} belongs to no folder that is known");
            switch (kind)
            {
                case "purelib" or "platlib":
                    Add(Copied(entry, $"{packages}/{path}"));
                    break;
                case "headers":
                    Add(Copied(entry, $"include/site/{interpreter.FolderName}/{wheel.Name.Project}/{path}"));
                    break;
                case "data":
                    Add(Copied(entry, path));
                    break;
                case "scripts":
                    Add(Script(entry, path));
                    break;
                default:
                    throw Wrong($"{entry.Path} belongs to a folder '{kind}', which is not known");
            }
        }

        foreach (var point in EntryPoint.Read(wheel.Text("entry_points.txt") ?? "", name))
        {
            // What the archive brings itself under that name goes, as with pip.
            files.RemoveAll(file => file.Path == $"bin/{point.Name}");
            Add(Made($"bin/{point.Name}", point.Script(program), runs: true));
        }

        string[] made = [.. ((string[])["INSTALLER", "REQUESTED", DirectUrl.FileName]).Select(text => $"{packages}/{wheel.Information}/{text}")];
        files.RemoveAll(file => made.Contains(file.Path));
        Add(Made($"{packages}/{wheel.Information}/INSTALLER", "mayfly\n"));
        if (isRequested)
            Add(Made($"{packages}/{wheel.Information}/REQUESTED", ""));
        if (origin is not null)
            Add(Made($"{packages}/{wheel.Information}/{DirectUrl.FileName}", origin.ToString()));
        Add(Made($"{packages}/{record}", Record(files.Select(file => new RecordEntry(FromPackages(file.Path, packages), file.Hash, file.Size)), record)));
        return new WheelPlan { Wheel = wheel, Files = files };

        static PlannedFile Copied(PackedFile file, string path) => new(path) { Source = file, Runs = file.Runs, Hash = file.Hash, Size = file.Size };

        PlannedFile Script(PackedFile entry, string path)
        {
            var contents = wheel.Contents(entry.Path)!;
            var end = contents.AsSpan().IndexOf((byte)'\n');
            if (!contents.AsSpan().StartsWith(Encoding.ASCII.GetBytes(Python)))
                return Copied(entry, $"bin/{path}") with { Runs = true };
            byte[] rest = end < 0 ? [] : contents[(end + 1)..];
            return Made($"bin/{path}", [.. Encoding.UTF8.GetBytes($"{EntryPoint.Shebang(program)}\n"), .. rest], runs: true);
        }

        void Add(PlannedFile given)
        {
            var path = FileOwnership.InLib(given.Path);
            var file = path == given.Path ? given : given with { Path = path };
            // An environment is its interpreter's before it is anybody else's.
            if (FileOwnership.IsItsOwn(file.Path))
                throw Wrong($"it would write {file.Path}, which belongs to the environment itself");
            // With another one's record it would decide over that one's files.
            if (file.Path.StartsWith(inPackages, StringComparison.Ordinal) && file.Path.IndexOf('/', inPackages.Length) is > 0 and var end
                && file.Path.AsSpan(inPackages.Length..end) is var folder && folder.EndsWith(".dist-info") && !folder.SequenceEqual(wheel.Information))
                throw Wrong($"it would write {file.Path}, among the metadata of another distribution");
            files.Add(file);
        }

        MayflyException Wrong(string what) => new($"{name} cannot be installed: {what}", "the project must mend it; take another version of it");
    }

    /// <summary>The contents of <c>RECORD</c> when there is byte code, too, which pip lists without digests: it comes and goes.</summary>
    /// <param name="compiled">Its paths, from the environment's root.</param>
    /// <param name="packages">The folder of the packages, from there.</param>
    internal string RecordWith(IReadOnlyCollection<string> compiled, string packages)
    {
        var entries = compiled.Select(path => new RecordEntry(FromPackages(path, packages), null, null)).ToArray();
        var listed = entries.Select(static entry => entry.Path).Append($"{Wheel.Information}/RECORD").ToHashSet();
        return Record([.. RecordEntry.Read(Encoding.UTF8.GetString(Files[^1].Contents!)).Where(entry => !listed.Contains(entry.Path)), .. entries], $"{Wheel.Information}/RECORD");
    }

    private static string Record(IEnumerable<RecordEntry> entries, string own) => $"{string.Join('\n', entries.Select(static entry => entry.ToString()).Order(StringComparer.Ordinal))}\n{own},,\n";

    private static string FromPackages(string path, string packages) => path.StartsWith(packages, StringComparison.Ordinal) && path.AsSpan(packages.Length) is ['/', ..] ? path[(packages.Length + 1)..] : Path.GetRelativePath($"/{packages}", $"/{path}");

    private static PlannedFile Made(string path, string text, bool runs = false) => Made(path, Encoding.UTF8.GetBytes(text), runs);

    private static PlannedFile Made(string path, byte[] contents, bool runs) =>
        new(path) { Contents = contents, Runs = runs, Hash = RecordEntry.HashOf(contents), Size = contents.Length };
}
