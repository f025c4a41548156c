using Mayfly.Linux;

namespace Mayfly.Images.Tests.Equality;

/// <summary>Compares two trees name by name; whatever the documented list does not allow is a difference.</summary>
internal static class TreeComparison
{
    /// <param name="ours">Our tree.</param>
    /// <param name="theirs">The other one.</param>
    /// <param name="listed">How the documented list writes a path.</param>
    public static IReadOnlyList<string> Differences(Dictionary<string, TreeName> ours, Dictionary<string, TreeName> theirs, Func<string, string> listed)
    {
        var found = new List<string>();
        var lone = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in ours.Keys.Union(theirs.Keys).Order(StringComparer.Ordinal))
        {
            // A folder that one lacks stands for all that is in it.
            if (lone.Contains(path[..path.LastIndexOf('/')]))
            {
                lone.Add(path);
                continue;
            }

            var allowed = Allowed(listed(path));
            var (our, their) = (ours.GetValueOrDefault(path), theirs.GetValueOrDefault(path));
            if (our is null || their is null)
            {
                lone.Add(path);
                if (!allowed.Contains("existence") && !((our ?? their)!.Target is { Length: > 0 } target && Allowed($"{path[..path.LastIndexOf('/')]}/{target}").Contains("links to it")))
                    found.Add($"{path}: only {(our is null ? "theirs" : "ours")} has it ({(our ?? their)!.Kind})");
                continue;
            }

            Compare(path, our, their, allowed, found);
            // What one of two folders holds by chance, or for its own run, has no place in the other.
            if (allowed.Contains("empty here"))
            {
                lone.Add(path);
                if (ours.Keys.FirstOrDefault(name => name.StartsWith($"{path}/", StringComparison.Ordinal)) is { } held)
                    found.Add($"{held}: {path} should be empty");
            }
        }

        return found;
    }

    private static HashSet<string> Allowed(string path) =>
        AllowedDifferences.All.Where(entry => entry.Covers(path)).SelectMany(static entry => entry.Aspects).ToHashSet();

    private static void Compare(string path, TreeName our, TreeName their, HashSet<string> allowed, List<string> found)
    {
        Check("kind", our.Kind, their.Kind);
        Check("mode", Convert.ToString(our.Mode, 8), Convert.ToString(their.Mode, 8));
        Check("owner", $"{our.Owner} ({our.Ids})", $"{their.Owner} ({their.Ids})");
        Check("target", our.Target, their.Target);
        Check("device", our.Device, their.Device);
        Check("attributes", our.Attributes, their.Attributes);
        Check("names of the same file", our.SameFile, their.SameFile);
        if (our.Kind == NodeKind.File && their.Kind == NodeKind.File && !allowed.Contains("contents")
            && (our.Size != their.Size || !File.ReadAllBytes(our.Real).AsSpan().SequenceEqual(File.ReadAllBytes(their.Real)))
            && ComparableText.Difference(path, our, their, allowed) is { } how)
        {
            found.Add($"{path}: {how}");
        }

        void Check<T>(string aspect, T ours, T theirs)
        {
            if (!allowed.Contains(aspect) && !Equals(ours, theirs))
                found.Add($"{path}: {aspect} {ours} instead of {theirs}");
        }
    }
}
