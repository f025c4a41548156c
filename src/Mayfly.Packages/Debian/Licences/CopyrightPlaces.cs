using Mayfly.Packages.Archives;

namespace Mayfly.Packages.Debian.Licences;

/// <summary>
/// Finds the copyright files of unpacked packages (policy 12.5): <c>usr/share/doc/PACKAGE/copyright</c>, which may be a link, as may
/// the folder be one to that of another package of the same source. Links are followed in the packages' own names, never on disk.
/// </summary>
internal sealed class CopyrightPlaces
{
    private const string Documents = "usr/share/doc/";

    /// <summary>As many links as the kernel follows (path_resolution(7)).</summary>
    private const int MostLinks = 40;

    /// <summary>More folders than all links of an honest package pass through.</summary>
    private const int MostParts = 1000;

    private static readonly string[] Names = ["copyright", "copyright.gz", "copyright.xz", "copyright.bz2", "copyright.zst"];

    private readonly IReadOnlyList<(LockedPackage Package, UnpackedPackage Unpacked)> _packages;
    private readonly Dictionary<string, (int Package, ManifestEntry Entry)> _documents = new(StringComparer.Ordinal);

    // Only what leaves usr/share/doc needs all names of all packages, and hardly anything does.
    private readonly Lazy<Dictionary<string, (int Package, ManifestEntry Entry)>> _all;

    private CopyrightPlaces(IReadOnlyList<(LockedPackage, UnpackedPackage)> packages)
    {
        _packages = packages;
        _all = new(() => Index(packages, static _ => true));
    }

    public static CopyrightPlaces Of(IReadOnlyList<(LockedPackage Package, UnpackedPackage Unpacked)> packages)
    {
        var places = new CopyrightPlaces(packages);
        foreach (var (path, found) in Index(packages, static entry => entry.Path.StartsWith(Documents, StringComparison.Ordinal)
            && (entry.Type == EntryType.SymbolicLink || Path.GetFileName(entry.Path.AsSpan()).StartsWith("copyright"))))
        {
            places._documents[path] = found;
        }

        return places;
    }

    /// <param name="reason">Why there is none, as the end of a sentence whose subject is the package.</param>
    public CopyrightPlace? Find(int package, out string reason)
    {
        reason = $"has no {Documents}{_packages[package].Package.Name}/copyright";
        foreach (var name in Names)
        {
            var path = $"{Documents}{_packages[package].Package.Name}/{name}";
            if (Follow(path, out var followed) is { Entry.Content: >= 0 } found)
                return new CopyrightPlace(found.Entry.Path, _packages[found.Package].Package.Id, _packages[found.Package].Unpacked.ContentOf(found.Entry));
            if (followed is null)
            {
                reason = $"has a /{path} that is a circle of links";
                return null;
            }

            if (followed != path && name == Names[0])
                reason = $"has a /{path} that leads to /{followed}, which no locked package brings";
        }

        return null;
    }

    /// <param name="at">The path without links; null when they never end.</param>
    private (int Package, ManifestEntry Entry)? Follow(string path, out string? at)
    {
        var done = new List<string>();
        var rest = new Stack<string>(path.Split('/').Reverse());
        var (links, parts) = (0, 0);
        (int, ManifestEntry)? last = null;
        while (rest.TryPop(out var part))
        {
            if (++parts > MostParts)
            {
                at = null;
                return null;
            }

            if (part is "" or ".")
                continue;
            if (part == "..")
            {
                // The parent of the root is the root.
                if (done.Count > 0)
                    done.RemoveAt(done.Count - 1);
                last = null;
                continue;
            }

            done.Add(part);
            last = Lookup(string.Join('/', done));
            if (last is not (_, { Type: EntryType.SymbolicLink } link))
                continue;
            if (++links > MostLinks || link.Target.Length > 4096)
            {
                at = null;
                return null;
            }

            last = null;
            if (link.Target.StartsWith('/'))
                done.Clear();
            else
                done.RemoveAt(done.Count - 1);
            foreach (var next in link.Target.Split('/').Reverse())
                rest.Push(next);
        }

        at = string.Join('/', done);
        return last;
    }

    private (int Package, ManifestEntry Entry)? Lookup(string path)
    {
        // What lies above usr/share/doc is a folder in every package.
        if (Documents.StartsWith(path + '/', StringComparison.Ordinal))
            return null;
        return path.StartsWith(Documents, StringComparison.Ordinal)
            ? _documents.TryGetValue(path, out var found) ? found : null
            : _all.Value.TryGetValue(path, out found) ? found : null;
    }

    /// <summary>The first package that has a name wins: in one image they cannot both have it, and what they share is the same.</summary>
    private static Dictionary<string, (int Package, ManifestEntry Entry)> Index(IReadOnlyList<(LockedPackage Package, UnpackedPackage Unpacked)> packages, Func<ManifestEntry, bool> wanted)
    {
        var entries = new ManifestEntry[packages.Count][];
        Parallel.For(0, packages.Count, package => entries[package] = [.. packages[package].Unpacked.ReadManifest().Entries.Where(entry => entry.Type != EntryType.Directory && wanted(entry))]);
        var index = new Dictionary<string, (int, ManifestEntry)>(StringComparer.Ordinal);
        for (var package = 0; package < packages.Count; package++)
        {
            foreach (var entry in entries[package])
                index.TryAdd(entry.Path, (package, entry));
        }

        return index;
    }
}
