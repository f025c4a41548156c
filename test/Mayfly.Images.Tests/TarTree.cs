using System.Formats.Tar;
using System.Security.Cryptography;

namespace Mayfly.Images.Tests;

/// <summary>A tar as a table: path to everything about it that two trees should agree on.</summary>
internal static class TarTree
{
    public static Dictionary<string, TarFact> Read(string path)
    {
        var facts = new Dictionary<string, TarFact>(StringComparer.Ordinal);
        using var tar = new TarReader(File.OpenRead(path));
        while (tar.GetNextEntry() is { } entry)
        {
            var name = Clean(entry.Name);
            if (name.Length == 0)
                continue;
            var kind = entry.EntryType is TarEntryType.V7RegularFile or TarEntryType.RegularFile ? TarEntryType.RegularFile : entry.EntryType;
            var fact = new TarFact(kind, kind == TarEntryType.SymbolicLink ? 0 : (int)entry.Mode, entry.Uid, entry.Gid, kind == TarEntryType.SymbolicLink ? entry.LinkName : "")
            {
                Text = kind == TarEntryType.RegularFile && entry.Length is > 0 and < 100_000 && name.StartsWith("etc/shadow", StringComparison.Ordinal) ? Text(entry) : null,
            };
            // Which of several names is the link and which the file is chance.
            facts[name] = kind == TarEntryType.HardLink ? facts[Clean(entry.LinkName)]
                : kind == TarEntryType.RegularFile && fact.Text is null ? fact with { Content = Hash(entry) } : fact;
        }

        return facts;
    }

    private static string Clean(string name) => name.StartsWith("./", StringComparison.Ordinal) ? name[2..].TrimEnd('/') : name.Trim('/');

    private static string Hash(TarEntry entry) => entry.DataStream is null ? "" : Convert.ToHexStringLower(SHA256.HashData(entry.DataStream));

    private static string Text(TarEntry entry) => new StreamReader(entry.DataStream!).ReadToEnd();
}

internal sealed record TarFact(TarEntryType Kind, int Mode, int User, int Group, string Content)
{
    public string? Text { get; init; }
}
