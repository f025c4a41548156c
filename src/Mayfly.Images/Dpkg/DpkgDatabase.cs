using System.Text;
using Mayfly.Images.Placing;
using Mayfly.Packages.Archives;
using Mayfly.Packages.Debian;

namespace Mayfly.Images.Dpkg;

/// <summary>
/// dpkg's database below <c>/var/lib/dpkg</c>: read from a tree, and written anew into a layer as it stands when packages are
/// unpacked and not yet configured. dpkg itself brings it into its own form at the first <c>--configure</c>.
/// </summary>
/// <remarks>
/// What it keeps: the status stanzas, the interests in triggers, and who owns which file. How it changes: <see cref="Write"/>
/// puts complete files into a new layer, over the older ones below; nothing is edited in place. Why not let dpkg unpack: it
/// does so package by package with a sync of everything, which is where its time goes.
/// </remarks>
internal sealed class DpkgDatabase
{
    public const string Folder = "var/lib/dpkg";

    private readonly string _root;
    private readonly string _status;
    private readonly List<string> _fileInterests;

    private DpkgDatabase(string root, string status, List<string> fileInterests) => (_root, _status, _fileInterests) = (root, status, fileInterests);

    /// <summary>True when nothing was ever installed.</summary>
    public bool IsEmpty => _status.Length == 0;

    /// <summary>The database of a tree; empty when it has none.</summary>
    public static DpkgDatabase Read(string root) => new(root, Text(root, "status"), [.. Lines(Text(root, "triggers/File"))]);

    public Diversions ReadDiversions() => Diversions.Parse(ReadUtf8("diversions"));

    public StatOverrides ReadStatOverrides() => StatOverrides.Parse(ReadUtf8("statoverride"));

    /// <summary>Every installed package's fields.</summary>
    public IEnumerable<IReadOnlyList<(string Name, string Value)>> Stanzas()
    {
        foreach (var stanza in _status.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            if (stanza.Trim().Length > 0)
                yield return ControlStanza.Parse(DpkgPackage.Bytes.GetBytes(stanza.Trim('\n')));
        }
    }

    public string VersionOf(string package) =>
        Stanzas().Where(fields => ControlStanza.Find(fields, "Package") == package).Select(static fields => ControlStanza.Find(fields, "Version")).FirstOrDefault() ?? "";

    /// <summary>Who owns each real path, from the lists in <c>info/</c>; <paramref name="real"/> follows links and diversions as placing does.</summary>
    public InstalledFiles ReadOwners(Func<string, string, string> real)
    {
        var owners = new Dictionary<string, InstalledPackage>(StringComparer.Ordinal);
        foreach (var fields in Stanzas())
        {
            var name = ControlStanza.Find(fields, "Package");
            var architecture = ControlStanza.Find(fields, "Architecture");
            var installed = new InstalledPackage(name, new DebianVersion(ControlStanza.Find(fields, "Version")),
                RelationField.Parse(ControlStanza.Find(fields, "Replaces"), architecture));
            foreach (var line in Lines(ReadUtf8($"info/{InfoName(fields)}.list")))
            {
                if (line.Length > 1 && line != "/.")
                    owners[real(line.TrimStart('/'), name)] = installed;
            }
        }

        return new InstalledFiles(owners);
    }

    /// <summary>
    /// Writes the database with these packages unpacked, into <paramref name="layer"/>, whose folders <c>info</c> and
    /// <c>triggers</c> exist.
    /// </summary>
    public void Write(string layer, IReadOnlyList<DpkgPackage> unpacked, IReadOnlyList<LostFile> lost, Func<string, string, string> real)
    {
        var folder = $"{layer}/{Folder}";
        WriteBytes($"{folder}/status", StatusWith(unpacked));
        if (IsEmpty)
        {
            WriteBytes($"{folder}/info/format", "1\n");
        }

        // The native architecture comes first, whatever the packages are of; dpkg --add-architecture appends to it.
        var known = IsEmpty ? [] : Text(_root, "arch").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] architectures = [.. known.Append(HostArchitecture.Name).Concat(unpacked.Select(static package => package.Architecture).Where(static name => name != "all"))
            .Distinct(StringComparer.Ordinal)];
        if (architectures.Length > known.Length)
            WriteBytes($"{folder}/arch", string.Concat(architectures.Select(static name => $"{name}\n")));

        if (!File.Exists($"{_root}/{Folder}/available"))
            WriteBytes($"{folder}/available", "");
        foreach (var package in unpacked)
            WriteInfo($"{folder}/info", package, lost, real);
        foreach (var loser in lost.Where(item => unpacked.All(package => package.Name != item.Package)).GroupBy(static item => item.Package))
            WriteListWithout(folder, loser.Key, [.. loser.Select(static item => item.Path)], real);
        WriteTriggers($"{folder}/triggers", unpacked);
    }

    private string StatusWith(IReadOnlyList<DpkgPackage> unpacked)
    {
        var status = new StringBuilder(_status);
        if (_status.Length > 0 && !_status.EndsWith("\n\n", StringComparison.Ordinal))
            status.Append('\n');
        foreach (var package in unpacked)
        {
            status.Append("Package: ").Append(package.Name).Append("\nStatus: install ok unpacked\n");
            foreach (var (name, value) in package.Fields)
            {
                if (!name.Equals("Package", StringComparison.OrdinalIgnoreCase))
                    status.Append(name).Append(value.StartsWith('\n') ? ":" : ": ").Append(value).Append('\n');
            }

            if (package.Conffiles.Count > 0)
            {
                status.Append("Conffiles:\n");
                foreach (var (path, flags) in package.Conffiles)
                    status.Append(' ').Append(path).Append(" newconffile").Append(flags.Length > 0 ? $" {flags}" : "").Append('\n');
            }

            status.Append('\n');
        }

        return status.ToString();
    }

    private static void WriteInfo(string info, DpkgPackage package, IReadOnlyList<LostFile> lost, Func<string, string, string> real)
    {
        var prefix = $"{info}/{package.InfoName}";
        var gone = lost.Where(item => item.Package == package.Name).Select(static item => item.Path).ToHashSet(StringComparer.Ordinal);
        var list = new StringBuilder("/.\n");
        foreach (var entry in package.Contents.Entries)
        {
            if (entry.Path.Length > 0 && (gone.Count == 0 || entry.Type == EntryType.Directory || !gone.Contains(real(entry.Path, package.Name))))
                list.Append('/').Append(entry.Path).Append('\n');
        }

        File.WriteAllText($"{prefix}.list", list.ToString());
        var sums = false;
        foreach (var member in Directory.EnumerateFiles(package.Unpacked.ControlFolder))
        {
            var name = Path.GetFileName(member);
            sums |= name == "md5sums";
            if (name == "control")
                continue;
            // What a plain user unpacked is that user's; a copy is root's.
            if (package.Contents.OwnersApplied)
                TreeWriter.LinkOrCopy(member, $"{prefix}.{name}");
            else
                File.Copy(member, $"{prefix}.{name}");
        }

        if (sums)
            return;
        // dpkg makes them where the package has none.
        var lines = new StringBuilder();
        foreach (var entry in package.Contents.Entries)
        {
            if (entry.Type == EntryType.File && !package.Contents.Conffiles.Contains(entry.Path))
                lines.Append(entry.Md5Text).Append("  ").Append(entry.Path).Append('\n');
        }

        File.WriteAllText($"{prefix}.md5sums", lines.ToString());
    }

    private void WriteListWithout(string folder, string package, HashSet<string> gone, Func<string, string, string> real)
    {
        var fields = Stanzas().First(stanza => ControlStanza.Find(stanza, "Package") == package);
        var name = $"info/{InfoName(fields)}.list";
        var kept = Lines(ReadUtf8(name)).Where(line => line == "/." || !gone.Contains(real(line.TrimStart('/'), package)));
        File.WriteAllText($"{folder}/{name}", string.Join('\n', kept) + "\n");
    }

    private void WriteTriggers(string folder, IReadOnlyList<DpkgPackage> unpacked)
    {
        var files = new List<string>(_fileInterests);
        var named = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var package in unpacked)
        {
            foreach (var (directive, trigger) in package.Triggers)
            {
                if (!directive.StartsWith("interest", StringComparison.Ordinal))
                    continue;
                var interested = package.InfoName + (directive == "interest-noawait" ? "/noawait" : "");
                if (trigger.StartsWith('/'))
                    files.Add($"{trigger} {interested}");
                else if (named.TryGetValue(trigger, out var others))
                    others.Add(interested);
                else
                    named[trigger] = [.. Lines(Text(_root, $"triggers/{trigger}")), interested];
            }
        }

        WriteBytes($"{folder}/File", string.Concat(files.Select(static line => $"{line}\n")));
        foreach (var (trigger, interested) in named)
            WriteBytes($"{folder}/{trigger}", string.Concat(interested.Select(static line => $"{line}\n")));
        WriteBytes($"{folder}/Unincorp", string.Concat(Activated(unpacked).Select(static trigger => $"{trigger} -\n")));
    }

    /// <summary>
    /// The triggers of configured packages that these unpacked ones set off. dpkg would note them while it unpacks
    /// (doc/triggers.txt); packages that are only unpacked see to it in their own postinst.
    /// </summary>
    private IEnumerable<string> Activated(IReadOnlyList<DpkgPackage> unpacked)
    {
        var interests = _fileInterests.Select(static line => line[..line.LastIndexOf(' ')]).Distinct(StringComparer.Ordinal);
        var paths = unpacked.SelectMany(static package => package.Contents.Entries)
            .Where(static entry => entry.Type != EntryType.Directory).Select(static entry => DpkgPackage.Bytes.GetString(Encoding.UTF8.GetBytes($"/{entry.Path}"))).ToArray();
        foreach (var interest in interests)
        {
            if (paths.Any(path => path.StartsWith(interest, StringComparison.Ordinal) && (path.Length == interest.Length || path[interest.Length] == '/')))
                yield return interest;
        }

        var activated = unpacked.SelectMany(static package => package.Triggers)
            .Where(static line => line.Directive.StartsWith("activate", StringComparison.Ordinal) && !line.Trigger.StartsWith('/'))
            .Select(static line => line.Trigger).Distinct(StringComparer.Ordinal);
        foreach (var trigger in activated)
        {
            if (Text(_root, $"triggers/{trigger}").Length > 0)
                yield return trigger;
        }
    }

    private static string InfoName(IReadOnlyList<(string Name, string Value)> fields)
    {
        var name = ControlStanza.Find(fields, "Package");
        return ControlStanza.Find(fields, "Multi-Arch") == "same" ? $"{name}:{ControlStanza.Find(fields, "Architecture")}" : name;
    }

    private static string Text(string root, string name)
    {
        var path = $"{root}/{Folder}/{name}";
        return File.Exists(path) ? File.ReadAllText(path, DpkgPackage.Bytes) : "";
    }

    private string ReadUtf8(string name)
    {
        var path = $"{_root}/{Folder}/{name}";
        return File.Exists(path) ? File.ReadAllText(path) : "";
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static void WriteBytes(string path, string text) => File.WriteAllText(path, text, DpkgPackage.Bytes);
}
