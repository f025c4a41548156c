using System.Text;
using Mayfly.Images.Placing;
using Mayfly.Packages;
using Mayfly.Packages.Debian;

namespace Mayfly.Images.Dpkg;

/// <summary>An unpacked package with what dpkg's database says of it.</summary>
internal sealed class DpkgPackage
{
    /// <summary>Control files may hold any bytes; read and written like this they stay what they are.</summary>
    internal static readonly Encoding Bytes = Encoding.Latin1;

    private DpkgPackage(UnpackedPackage unpacked, IReadOnlyList<(string Name, string Value)> fields)
    {
        Unpacked = unpacked;
        Fields = fields;
        Name = Field("Package");
        Architecture = Field("Architecture");
        Version = Field("Version");
        MultiArchSame = Field("Multi-Arch") == "same";
    }

    public UnpackedPackage Unpacked { get; }

    /// <summary>The control file's fields as they stand, in its order.</summary>
    public IReadOnlyList<(string Name, string Value)> Fields { get; }

    public string Name { get; }

    public string Architecture { get; }

    public string Version { get; }

    public bool MultiArchSame { get; }

    /// <summary>How dpkg names this package's files in <c>info/</c> and its lines in <c>triggers/</c>.</summary>
    public string InfoName => MultiArchSame ? $"{Name}:{Architecture}" : Name;

    public required PackageContents Contents { get; init; }

    /// <summary>The lines of <c>conffiles</c>: a path and the flags before it.</summary>
    public required IReadOnlyList<(string Path, string Flags)> Conffiles { get; init; }

    /// <summary>The lines of <c>triggers</c>: a directive such as <c>interest-noawait</c>, and a trigger's name.</summary>
    public required IReadOnlyList<(string Directive, string Trigger)> Triggers { get; init; }

    public string Field(string name) => Fields.FirstOrDefault(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value ?? "";

    public static DpkgPackage Read(UnpackedPackage unpacked, LockedPackage locked)
    {
        try
        {
            var fields = ControlStanza.Parse(File.ReadAllBytes(Path.Combine(unpacked.ControlFolder, "control")));
            var manifest = unpacked.ReadManifest();
            var conffiles = Lines(unpacked, "conffiles").Select(static line => line.LastIndexOf(' ') is var blank and >= 0
                ? (Path: line[(blank + 1)..], Flags: line[..blank].Trim())
                : (Path: line, Flags: "")).ToArray();
            var package = new DpkgPackage(unpacked, fields)
            {
                Conffiles = conffiles,
                Triggers = [.. Lines(unpacked, "triggers").Select(static line => line.Split((char[])[' ', '\t'], 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                    .Where(static parts => parts.Length == 2).Select(static parts => (parts[0], parts[1]))],
                Contents = new PackageContents
                {
                    Name = locked.Name,
                    Version = new DebianVersion(locked.Version),
                    Entries = manifest.Entries,
                    FilesFolder = unpacked.FilesFolder,
                    OwnersApplied = manifest.OwnersApplied,
                    Conffiles = conffiles.Select(static conffile => Encoding.UTF8.GetString(Bytes.GetBytes(conffile.Path)).TrimStart('/')).ToHashSet(StringComparer.Ordinal),
                    Replaces = RelationField.Parse(ControlStanza.Find(fields, "Replaces"), locked.Architecture),
                },
            };
            if (package.Name != locked.Name || package.Version != locked.Version || package.Architecture != locked.Architecture)
            {
                throw new MayflyException($"the package locked as {locked.Id} {locked.Version} says of itself that it is {package.Name}:{package.Architecture} {package.Version}",
                    "the lock was edited, or the archive's index is wrong: remove stack.lock, so that it is made anew, and tell the archive's keepers if it comes back");
            }

            return package;
        }
        catch (Exception e) when (e is FormatException or FileNotFoundException)
        {
            throw new MayflyException($"package {locked.Id} {locked.Version} has no readable control file: {e.Message}",
                "ask for another version of it, or report this to its maintainer", e);
        }
    }

    private static IEnumerable<string> Lines(UnpackedPackage unpacked, string member)
    {
        var path = Path.Combine(unpacked.ControlFolder, member);
        if (!File.Exists(path))
            yield break;
        foreach (var line in File.ReadAllText(path, Bytes).Split('\n'))
        {
            var comment = line.IndexOf('#');
            var text = (comment < 0 ? line : line[..comment]).Trim();
            if (text.Length > 0)
                yield return text;
        }
    }
}
