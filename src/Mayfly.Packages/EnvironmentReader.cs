using Mayfly.Packages.Python;

namespace Mayfly.Packages;

/// <summary>Turns the environments of a lock file into records, trusting nothing.</summary>
internal static class EnvironmentReader
{
    /// <param name="tables">The tables <c>[[environments]]</c>.</param>
    /// <param name="sets">The names of all sets.</param>
    public static IReadOnlyList<LockedEnvironment> Read(IReadOnlyList<LockEntry> tables, IReadOnlySet<string> sets)
    {
        var places = new HashSet<(string, string)>();
        return [.. tables.Select(table =>
        {
            var environment = Read(table);
            if (!sets.Contains(environment.Set))
                throw LockReader.Error(table.Line, $"the set '{environment.Set}' is not among [[sets]]");
            return places.Add((environment.Set, environment.Into)) ? environment : throw LockReader.Error(table.Line, $"the environment {environment.Into} of '{environment.Set}' stands here a second time");
        })];
    }

    private static LockedEnvironment Read(LockEntry table)
    {
        var fields = LockReader.Fields(table, "set", "into", "interpreter", "answers", "requests", "wheels");
        var into = LockReader.Text(fields["into"]);
        if (!into.StartsWith('/') || !LockFile.IsPoolPath(into.AsSpan(1)))
            throw LockReader.Error(fields["into"].Line, $"'{into}' is no path in an image");
        var projects = new HashSet<ProjectName>();
        return new LockedEnvironment
        {
            Set = LockReader.Text(fields["set"]),
            Into = into,
            Interpreter = LockReader.Text(fields["interpreter"]),
            Answers = LockReader.Sha256(fields["answers"]),
            Requests = LockReader.Texts(fields["requests"]),
            Wheels = [.. LockReader.List(fields["wheels"]).Select(wheel => Wheel(wheel, projects))],
        };
    }

    private static LockedWheel Wheel(LockNode node, HashSet<ProjectName> projects)
    {
        var fields = LockReader.Fields(new LockEntry(node.Line, "wheels", node), "file", "index", "from?", "size", "sha256", "needs?", "metadata?", "source?");
        var file = LockReader.Text(fields["file"]);
        // It becomes part of an address.
        if (WheelName.TryParse(file) is not { } name || file.AsSpan().ContainsAnyExceptInRange('!', '~') || file.Contains('/', StringComparison.Ordinal))
            throw LockReader.Error(node.Line, $"'{file}' is no name of a wheel");
        if (!projects.Add(name.Project))
            throw LockReader.Error(node.Line, $"the project {name.Project} stands here a second time");
        var index = LockReader.Text(fields["index"]);
        var from = fields.TryGetValue("from", out var place) ? From(place, index) : null;
        if (from is null && index is LockedWheel.FromFolder or LockedWheel.FromFile or LockedWheel.FromAddress or LockedWheel.FromRepository)
            throw LockReader.Error(node.Line, $"{file} is said to be from {(index == LockedWheel.FromAddress ? "an address" : $"a {index}")}, and not which one");
        var built = fields.TryGetValue("source", out var source) ? Source(source, isNamed: from is not null) : null;
        if (built?.Commit is null == (index == LockedWheel.FromRepository))
            throw LockReader.Error(node.Line, $"{file} is{(index == LockedWheel.FromRepository ? "" : " not")} from a repository, and {(built?.Commit is null ? "no" : "a")} commit of it is named");
        return new LockedWheel
        {
            File = file,
            Index = index,
            From = from,
            Size = Size(fields["size"]),
            Sha256 = LockReader.Sha256(fields["sha256"]),
            Needs = fields.TryGetValue("needs", out var needs) ? LockReader.Texts(needs) : [],
            Metadata = fields.TryGetValue("metadata", out var metadata) ? LockReader.Sha256(metadata) : null,
            Source = built,
        };
    }

    private static string From(LockNode node, string index)
    {
        var from = LockReader.Text(node);
        var isAddress = from.StartsWith("https://", StringComparison.Ordinal) || from.StartsWith("http://", StringComparison.Ordinal);
        return from.Length > 0 && !from.Any(char.IsControl) && index switch
        {
            LockedWheel.FromAddress => isAddress && Uri.TryCreate(from, UriKind.Absolute, out _),
            LockedWheel.FromFolder or LockedWheel.FromFile => !isAddress,
            // It becomes a word of git's.
            LockedWheel.FromRepository => IsRepository(from),
            _ => false,
        } ? from : throw LockReader.Error(node.Line, $"'{from}' is nothing that something of '{index}' is from");
    }

    private static bool IsRepository(string from)
    {
        try
        {
            return DirectReference.IsVersionControl(from) && !from.Contains('#', StringComparison.Ordinal) && DirectReference.Read(from) is { IsRepository: true, Address.IsFile: false };
        }
        catch (MayflyException)
        {
            return false;
        }
    }

    /// <param name="isNamed">True for what is named by where it is, which may be called anything.</param>
    private static LockedSource Source(LockNode node, bool isNamed)
    {
        var fields = LockReader.Fields(new LockEntry(node.Line, "source", node), "file", "size", "sha256", "commit?", "tag?", "subdirectory?", "packages", "with");
        var file = LockReader.Text(fields["file"]);
        // It becomes part of an address, as that of a wheel, unless it has one.
        if (file.Contains('/', StringComparison.Ordinal) || (isNamed ? !DirectReference.IsArchive(file) || file.Any(char.IsControl) : SourceName.TryParse(file) is null || file.AsSpan().ContainsAnyExceptInRange('!', '~')))
            throw LockReader.Error(node.Line, $"'{file}' is no name of an archive of sources");
        var inside = fields.TryGetValue("subdirectory", out var named) ? LockReader.Text(named) : null;
        if (inside is not null && (inside.Length == 0 || inside.Split('/').Any(static part => part is "" or "." or "..")))
            throw LockReader.Error(node.Line, $"'{inside}' is no folder in an archive");
        var commit = fields.TryGetValue("commit", out var id) ? LockReader.Text(id) : null;
        if (commit is not null && (commit.Length is not (40 or 64) || commit.AsSpan().ContainsAnyExcept("0123456789abcdef")))
            throw LockReader.Error(node.Line, $"'{commit}' is no commit");
        var tag = fields.TryGetValue("tag", out var before) ? LockReader.Text(before) : null;
        if (tag is not null && (commit is null || tag.Length == 0 || tag.Any(char.IsControl)))
            throw LockReader.Error(node.Line, $"'{tag}' is no tag of a commit");
        var projects = new HashSet<ProjectName>();
        return new LockedSource { Commit = commit, Tag = tag, File = file, Size = Size(fields["size"]), Sha256 = LockReader.Sha256(fields["sha256"]), Subdirectory = inside, Packages = LockReader.Sha256(fields["packages"]), With = [.. LockReader.List(fields["with"]).Select(wheel => Wheel(wheel, projects))] };
    }

    private static long Size(LockNode node) => node.Value is long size and > 0 ? size : throw LockReader.Error(node.Line, "the size is no number of bytes");
}
