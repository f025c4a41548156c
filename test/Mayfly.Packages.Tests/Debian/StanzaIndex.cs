using System.Text;
using Mayfly.Packages.Debian;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>An index of stanzas that name only what matters to a test.</summary>
internal static class StanzaIndex
{
    /// <param name="stanzas">As in a Packages file, with an empty line between two.</param>
    /// <param name="date">The date of its release.</param>
    public static DebianIndex Of(string stanzas, DateTimeOffset date)
    {
        var text = string.Join("\n\n", stanzas.Split("\n\n").Select(static stanza => stanza.TrimEnd()).Select(stanza => stanza
            + (stanza.Contains("\nVersion:", StringComparison.Ordinal) ? "" : "\nVersion: 1")
            + (stanza.Contains("\nArchitecture:", StringComparison.Ordinal) ? "" : "\nArchitecture: amd64")
            + (stanza.Contains("\nFilename:", StringComparison.Ordinal) ? "" : "\nFilename: pool/x.deb")
            + (stanza.Contains("\nSHA256:", StringComparison.Ordinal) ? "" : $"\nSHA256: {new string('0', 64)}") + "\nSize: 1"));
        var release = new LockedRelease
        {
            Id = "test",
            Origin = "Test",
            Label = "Test",
            Suite = "test",
            Codename = "test",
            Date = date,
            Digest = new string('0', 64),
            Components = ["main"],
        };
        return DebianIndex.Parse("amd64", [new PackagesFile(release, "main", () => new MemoryStream(Encoding.UTF8.GetBytes(text)))]);
    }
}
