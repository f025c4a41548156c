using System.Globalization;
using System.Text;
using Mayfly.Packages.Archives;
using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Depots;

/// <summary>What a Packages file says of one package, byte for byte as the archive says it.</summary>
/// <param name="Text">Whole lines, without the empty one that ends a stanza.</param>
internal sealed record Stanza(string Name, string Version, string Architecture, string Sha256, long Size, string Path, byte[] Text)
{
    /// <summary>By name, later versions first: the same stanzas are always in the same order.</summary>
    public static IComparer<Stanza> Order { get; } = Comparer<Stanza>.Create(static (one, other) =>
    {
        var order = string.CompareOrdinal(one.Name, other.Name);
        if (order == 0)
            order = new DebianVersion(other.Version).CompareTo(new DebianVersion(one.Version));
        if (order == 0)
            order = string.CompareOrdinal(one.Architecture, other.Architecture);
        return order != 0 ? order : string.CompareOrdinal(one.Sha256, other.Sha256);
    });

    /// <exception cref="FormatException">It is none, or names a place outside of the depot.</exception>
    public static Stanza Parse(ReadOnlySpan<byte> text)
    {
        text = text.TrimEnd((byte)'\n');
        string name = "", version = "", architecture = "", sha256 = "", path = "";
        long size = -1;
        var fields = new ControlFields(text);
        while (fields.MoveNext())
        {
            if (fields.Is("Package"u8))
                name = Value(fields);
            else if (fields.Is("Version"u8))
                version = Value(fields);
            else if (fields.Is("Architecture"u8))
                architecture = Value(fields);
            else if (fields.Is("SHA256"u8))
                sha256 = Value(fields);
            else if (fields.Is("Filename"u8))
                path = Value(fields);
            else if (fields.Is("Size"u8) && !long.TryParse(Value(fields), NumberStyles.None, CultureInfo.InvariantCulture, out size))
                throw new FormatException("its Size is no number");
        }

        if (!PackageName.IsValid(name) || !DebianVersion.IsValid(version) || !PackageName.IsValid(architecture) || !LockFile.IsSha256(sha256) || size < 0 || !LockFile.IsPoolPath(path))
            throw new FormatException($"the stanza of '{name}' lacks a field, or has a wrong one");
        return new Stanza(name, version, architecture, sha256, size, path, [.. text, (byte)'\n']);
    }

    /// <summary>Reads a whole Packages file.</summary>
    public static IReadOnlyList<Stanza> ReadAll(Stream packages)
    {
        var reader = new ControlReader(packages);
        var all = new List<Stanza>();
        for (var text = reader.Read(); !text.IsEmpty; text = reader.Read())
            all.Add(Parse(text));
        return all;
    }

    /// <summary>From the package itself, for what no index at hand has: its own fields, with place, size and hash added as dpkg-scanpackages(1) does.</summary>
    public static Stanza FromPackage(LockedPackage package, string deb)
    {
        try
        {
            var control = Control(deb);
            var text = new StringBuilder();
            var fields = new ControlFields(control);
            while (fields.MoveNext())
            {
                if (!fields.Is("Filename"u8) && !fields.Is("Size"u8) && !fields.Is("SHA256"u8) && !fields.Is("MD5sum"u8))
                    text.Append(Encoding.UTF8.GetString(fields.Name)).Append(": ").Append(Encoding.UTF8.GetString(fields.Value)).Append('\n');
            }

            text.Append(CultureInfo.InvariantCulture, $"Filename: {package.Path}\nSize: {package.Size}\nSHA256: {package.Sha256}\n");
            var stanza = Parse(Encoding.UTF8.GetBytes(text.ToString()));
            return (stanza.Name, stanza.Version, stanza.Architecture) == (package.Name, package.Version, package.Architecture) ? stanza
                : throw new FormatException($"it says that it is {stanza.Name} {stanza.Version} {stanza.Architecture}");
        }
        catch (Exception e) when (e is FormatException or ArchiveException)
        {
            throw new MayflyException($"{package.Id} {package.Version} cannot be published: {e.Message}", "the lock names another package than its archive had: remove stack.lock, and `mayfly lock` makes it anew", e);
        }
    }

    private static byte[] Control(string deb)
    {
        const long Limit = 16 << 20;
        using var file = File.OpenRead(deb);
        var archive = new ArReader(file);
        while (archive.Next(out var name, out _) is { } member)
        {
            if (!name.StartsWith("control.tar", StringComparison.Ordinal))
                continue;
            using var plain = Compression.Open(name, member);
            var tar = new TarReader(plain);
            while (tar.Next() is { } entry)
            {
                if (entry.Name is not ("./control" or "control") || entry.Size > Limit)
                    continue;
                var bytes = new byte[entry.Size];
                for (int at = 0, read; at < bytes.Length && (read = tar.Read(bytes.AsSpan(at))) > 0;)
                    at += read;
                return bytes;
            }
        }

        throw new ArchiveException("it has no control file");
    }

    private static string Value(ControlFields fields) => Encoding.UTF8.GetString(fields.Value);
}
