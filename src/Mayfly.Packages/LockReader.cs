using System.Globalization;
using Mayfly.Packages.Debian;

namespace Mayfly.Packages;

/// <summary>Turns the nodes of a lock file into records, trusting nothing.</summary>
internal static class LockReader
{
    public static StackLock Read(List<LockEntry> document)
    {
        var head = document[0];
        if (Entries(head.Value).FirstOrDefault(entry => entry.Key == "format") is not { } formatEntry)
            throw Error(1, "it does not say its format");
        var format = Number(formatEntry, 1, int.MaxValue);
        // Former ones have the same grammar. They are read to be compared and upgraded; nothing is built from them.
        if (format > StackLock.CurrentFormat)
            throw new LockFileException($"line {formatEntry.Line}: its format is {format}, this Mayfly knows {StackLock.CurrentFormat}", "a newer Mayfly wrote it: update Mayfly");

        var architecture = "";
        IReadOnlyList<string> preferences = [];
        foreach (var entry in Unique(head.Value))
        {
            switch (entry.Key)
            {
                case "format":
                    break;
                case "preferences":
                    preferences = Texts(entry.Value);
                    break;
                case "architecture":
                    architecture = Text(entry.Value);
                    if (!PackageName.IsValid(architecture))
                        throw Error(entry.Line, $"'{architecture}' is no architecture");
                    break;
                default:
                    throw Unknown(entry);
            }
        }

        if (architecture.Length == 0)
            throw Error(1, "it does not say its architecture");
        const string Foreign = "architecture ";
        var foreign = preferences.Where(static line => line.StartsWith(Foreign, StringComparison.Ordinal)).Select(static line => line[Foreign.Length..]).ToHashSet(StringComparer.Ordinal);
        IReadOnlyList<LockedRelease> releases = [];
        Dictionary<string, LockedPackage> packages = new(StringComparer.Ordinal);
        List<LockEntry> sets = [], environments = [];
        IReadOnlyList<LockedId> ids = [];
        foreach (var table in document.Skip(1))
        {
            switch (table.Key)
            {
                case "releases":
                    releases = ReadReleases(table.Value);
                    break;
                case "packages":
                    packages = Unique(table.Value).Select(entry => Package(entry, architecture, foreign)).ToDictionary(package => package.Package.Id, package => Belongs(package, releases), StringComparer.Ordinal);
                    break;
                case "sets":
                    sets.Add(table);
                    break;
                case "environments":
                    environments.Add(table);
                    break;
                case "ids":
                    ids = [.. Unique(table.Value).Select(Id)];
                    break;
                default:
                    throw Unknown(table);
            }
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        return new StackLock
        {
            Format = format,
            Architecture = architecture,
            Preferences = preferences,
            Releases = releases,
            Packages = [.. packages.Values.OrderBy(package => package.Id, StringComparer.Ordinal)],
            Sets = [.. sets.Select(set => Set(set, packages, names))],
            Environments = EnvironmentReader.Read(environments, names),
            Ids = ids,
        };
    }

    public static IReadOnlyList<LockedRelease> ReadReleases(LockNode table)
    {
        return [.. Unique(table).Select(entry =>
        {
            var snapshot = Entries(entry.Value).Find(static field => field.Key == "snapshot");
            string[] expected = ["origin", "label", "suite", "codename", "date", "components", "digest"];
            var fields = Fields(entry, snapshot is null ? expected : [.. expected, "snapshot"]);
            if (!IsPlainName(entry.Key))
                throw Error(entry.Line, $"'{entry.Key}' is no name of a release");
            return new LockedRelease
            {
                Id = entry.Key,
                Origin = Text(fields["origin"]),
                Label = Text(fields["label"]),
                Suite = Text(fields["suite"]),
                Codename = Text(fields["codename"]),
                Date = Date(fields["date"]),
                Snapshot = snapshot is null ? null : Date(snapshot.Value),
                Components = Texts(fields["components"]),
                Digest = Sha256(fields["digest"]),
            };
        })];
    }

    private static DateTimeOffset Date(LockNode node) => Date(node, Text(node));

    private static DateTimeOffset Date(LockNode node, string text) =>
        DateTimeOffset.TryParseExact(text, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? date
            : throw Error(node.Line, $"'{Text(node)}' is no date");

    private static (LockedPackage Package, int Line) Package(LockEntry entry, string architecture, IReadOnlyCollection<string> foreign)
    {
        var fields = Fields(entry, "version", "release", "size", "sha256", "path");
        var colon = entry.Key.IndexOf(':');
        if (colon < 0 || !PackageName.IsValid(entry.Key.AsSpan(0, colon)) || (entry.Key[(colon + 1)..] is var own && own != "all" && own != architecture && !foreign.Contains(own)))
            throw Error(entry.Line, $"'{entry.Key}' is no package of {architecture}: name:{architecture} or name:all is expected");
        var version = Text(fields["version"]);
        if (!DebianVersion.IsValid(version))
            throw Error(entry.Line, $"'{version}' is no version");
        var path = Text(fields["path"]);
        if (!LockFile.IsPoolPath(path))
            throw Error(entry.Line, $"the path '{path}' does not stay inside an archive");
        if (fields["size"].Value is not long size || size <= 0)
            throw Error(entry.Line, "the size is no number of bytes");
        return (new LockedPackage
        {
            Name = entry.Key[..colon],
            Architecture = entry.Key[(colon + 1)..],
            Version = version,
            Release = Text(fields["release"]),
            Size = size,
            Sha256 = Sha256(fields["sha256"]),
            Path = path,
        }, entry.Line);
    }

    private static LockedPackage Belongs((LockedPackage Package, int Line) entry, IReadOnlyList<LockedRelease> releases) =>
        releases.Any(release => release.Id == entry.Package.Release) ? entry.Package
            : throw Error(entry.Line, $"the release '{entry.Package.Release}' is not among [releases]");

    private static LockedSet Set(LockEntry table, Dictionary<string, LockedPackage> packages, HashSet<string> names)
    {
        var fields = Fields(table, "name", "requests", "recommends", "stages", "departures?", "automatic?", "in_one_go?");
        var name = Text(fields["name"]);
        if (!IsPlainName(name))
            throw Error(fields["name"].Line, $"'{name}' is no name of a set");
        if (!names.Add(name))
            throw Error(fields["name"].Line, $"the set '{name}' stands here a second time");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var stages = new List<LockedStage>();
        var configured = new HashSet<string>(StringComparer.Ordinal);
        // What the stages before in the same layer say.
        DateTimeOffset? before = null;
        foreach (var stage in List(fields["stages"]))
        {
            IReadOnlyList<string>? addedTo = null;
            DateTimeOffset? date = null;
            foreach (var package in List(stage))
            {
                if (Text(package).StartsWith(LockFile.AddedTo, StringComparison.Ordinal))
                {
                    if (stages.Count == 0 || addedTo is not null)
                        throw Error(package.Line, $"'{Text(package)}' stands where nothing was installed before");
                    addedTo = Text(package)[LockFile.AddedTo.Length..].Split(' ');
                    foreach (var request in addedTo)
                        Request(request, package.Line);
                    continue;
                }

                if (Text(package).StartsWith(LockFile.Dated, StringComparison.Ordinal))
                {
                    var begins = stages.Count == 0 || addedTo is not null;
                    var said = Date(package, Text(package)[LockFile.Dated.Length..]);
                    if (date is not null || (!begins && !(said > before)))
                        throw Error(package.Line, $"'{Text(package)}' stands where no layer begins, and after no earlier date of its layer");
                    date = said;
                    continue;
                }

                if (Text(package).StartsWith(LockFile.Configure, StringComparison.Ordinal))
                {
                    var one = Text(package)[LockFile.Configure.Length..];
                    if (!seen.Contains(one) || !configured.Add(one))
                        throw Error(package.Line, $"'{Text(package)}' names a package that is not placed before, or is configured already");
                    continue;
                }

                if (!packages.ContainsKey(Text(package)))
                    throw Error(package.Line, $"the package '{Text(package)}' is not among [packages]");
                if (!seen.Add(Text(package)))
                    throw Error(package.Line, $"the package '{Text(package)}' stands in the set '{name}' a second time");
            }

            var parts = Texts(stage).Where(static text => !text.StartsWith(LockFile.AddedTo, StringComparison.Ordinal) && !text.StartsWith(LockFile.Dated, StringComparison.Ordinal)).ToLookup(static text => text.StartsWith(LockFile.Configure, StringComparison.Ordinal));
            stages.Add(new LockedStage([.. parts[false]]) { Configured = [.. parts[true].Select(static text => text[LockFile.Configure.Length..])], AddedTo = addedTo, Date = date });
            before = date ?? (addedTo is null ? before : null);
        }

        foreach (var request in List(fields["requests"]))
            Request(Text(request), request.Line);

        IReadOnlyList<string>? automatic = null;
        if (fields.TryGetValue("automatic", out var listed))
        {
            automatic = Texts(listed);
            if (automatic.FirstOrDefault(package => !seen.Contains(package)) is { } stranger)
                throw Error(listed.Line, $"the package '{stranger}' is automatic, but not in the set '{name}'");
        }

        return new LockedSet
        {
            Name = name,
            Automatic = automatic,
            InOneGo = fields.TryGetValue("in_one_go", out var inOneGo) && (inOneGo.Value is true && name != SetRequest.Base ? true : throw Error(inOneGo.Line, "in_one_go is true or not there, and not there for the base")),
            Requests = Texts(fields["requests"]),
            Departures = fields.TryGetValue("departures", out var departures) ? Texts(departures) : [],
            Recommends = fields["recommends"].Value is bool recommends ? recommends : throw Error(fields["recommends"].Line, "recommends is true or false"),
            Stages = stages,
        };
    }

    private static void Request(string text, int line)
    {
        try
        {
            PackageRequest.Parse(text);
        }
        catch (MayflyException e) when (e is not LockFileException)
        {
            throw Error(line, e.Message);
        }
    }

    private static LockedId Id(LockEntry entry)
    {
        var dot = entry.Key.IndexOf('.');
        var kind = dot < 0 ? "" : entry.Key[..dot];
        var name = entry.Key[(dot + 1)..];
        // The names that adduser accepts with --force-badname, less those that would confuse /etc/passwd.
        if (kind is not ("user" or "group") || name.Length is 0 or > 64 || name[0] == '-' || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '$'))
            throw Error(entry.Line, $"'{entry.Key}' is neither user.NAME nor group.NAME");
        return new LockedId(name, kind == "user" ? LockedIdKind.User : LockedIdKind.Group, Number(entry, 1, 65533));
    }

    /// <summary>A name that may become part of a file's name.</summary>
    private static bool IsPlainName(string name) =>
        name.Length is > 0 and <= 128 && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '+');

    /// <summary>A table's fields; those with a question mark may be missing.</summary>
    internal static Dictionary<string, LockNode> Fields(LockEntry entry, params ReadOnlySpan<string> expected)
    {
        var fields = new Dictionary<string, LockNode>(StringComparer.Ordinal);
        foreach (var field in Unique(entry.Value))
        {
            if (!expected.Contains(field.Key) && !expected.Contains(field.Key + "?"))
                throw Unknown(field);
            fields.Add(field.Key, field.Value);
        }

        foreach (var name in expected)
        {
            if (!fields.ContainsKey(name) && !name.EndsWith('?'))
                throw Error(entry.Line, $"'{name}' is missing");
        }

        return fields;
    }

    private static List<LockEntry> Unique(LockNode table)
    {
        var entries = Entries(table);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            if (!seen.Add(entry.Key))
                throw Error(entry.Line, $"'{entry.Key}' stands here a second time");
        }

        return entries;
    }

    private static List<LockEntry> Entries(LockNode node) =>
        node.Value as List<LockEntry> ?? throw Error(node.Line, "a table { … } is expected here");

    internal static List<LockNode> List(LockNode node) =>
        node.Value as List<LockNode> ?? throw Error(node.Line, "a list [ … ] is expected here");

    internal static string Text(LockNode node) =>
        node.Value as string ?? throw Error(node.Line, "a text in quotes is expected here");

    internal static IReadOnlyList<string> Texts(LockNode node) => [.. List(node).Select(Text)];

    internal static string Sha256(LockNode node) =>
        LockFile.IsSha256(Text(node)) ? Text(node) : throw Error(node.Line, $"'{Text(node)}' is no SHA-256: 64 lower-case hexadecimal digits are expected");

    private static int Number(LockEntry entry, int least, int most) =>
        entry.Value.Value is long number && number >= least && number <= most ? (int)number
            : throw Error(entry.Line, $"'{entry.Key}' must be a number from {least} to {most}");

    private static MayflyException Unknown(LockEntry entry) => Error(entry.Line, $"'{entry.Key}' is not known here");

    internal static MayflyException Error(int line, string message) => LockText.Error(message, line);
}
