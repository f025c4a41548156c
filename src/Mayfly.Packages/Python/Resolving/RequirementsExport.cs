using System.Text;

namespace Mayfly.Packages.Python.Resolving;

/// <summary>What was chosen, as a requirements file that pip installs exactly: every version with the digest of its file.</summary>
public static class RequirementsExport
{
    /// <summary>One of them.</summary>
    /// <param name="requirement">With its exact version, and when it counts.</param>
    /// <param name="digests">SHA-256 of the files that may be taken.</param>
    public static string Line(string requirement, IEnumerable<string> digests) => $"{requirement}{string.Concat(digests.Select(static digest => $" \\\n    --hash=sha256:{digest}"))}\n";

    /// <summary>One that comes from an address.</summary>
    /// <param name="direct">The address.</param>
    /// <param name="name">The project, with extras.</param>
    /// <param name="file">What is there, with the digest of an archive; a folder has none.</param>
    /// <param name="when">A marker, or nothing; pip takes none with <c>-e</c>, so what is used where it is becomes a folder then.</param>
    public static string Line(DirectReference direct, string name, IndexFile file, string when = "") => direct.IsEditable && when.Length == 0 ? $"-e {direct.Path}\n"
        : Line($"{name} @ {(DirectUrl.Of(direct, null) with { Hash = null }).Requirement()}{when}", !direct.HasDigest ? [] : file.Hashes.Where(static hash => hash.Key == "sha256").Select(static hash => hash.Value));

    /// <param name="chosen">All of it.</param>
    /// <exception cref="MayflyException">The digest of a file is not known.</exception>
    public static string Text(IReadOnlyList<ChosenDistribution> chosen)
    {
        var text = new StringBuilder();
        foreach (var one in chosen)
        {
            var extras = one.Extras.Count == 0 ? "" : $"[{string.Join(",", one.Extras)}]";
            text.Append(one.Direct is { } direct ? Line(direct, $"{one.Project}{extras}", one.File!) : Line($"{one.Project}{extras}=={one.Version}", [Digest(one)]));
            string[] by = [.. chosen.Where(other => other.Requires.Any(need => need.Name == one.Project) && other.Project != one.Project).Select(static other => other.Project.Text)];
            if (by.Length > 0)
                text.Append($"    # for {string.Join(", ", by)}\n");
        }

        return text.ToString();
    }

    internal static string Digest(ChosenDistribution one) => one.File?.Hashes.GetValueOrDefault("sha256")
        ?? throw new MayflyException($"the index says no SHA-256 of {one.File?.Name ?? one.Project.Text}", "install it first, so that its digest is known, or name an index that says it");
}
