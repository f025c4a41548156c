using System.Diagnostics.CodeAnalysis;

namespace Mayfly.Packages.Debian;

/// <summary>
/// Every binary package of an architecture that a set of releases offers: candidates by name, providers by virtual name.
/// </summary>
/// <remarks>
/// What it keeps: one block of bytes (see <see cref="IndexImage"/>), the same in memory and in its cache file, so loading is one read
/// and nothing is parsed; packages become objects when their name is first asked for. It never changes: a new Release file
/// means a new index, keyed in the store by the digests of its releases. Why not a database: lookups are by name only, and
/// a sorted table does them in microseconds. Safe for use by several threads.
/// </remarks>
public sealed class DebianIndex
{
    private readonly IndexImage _image;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, IReadOnlyList<BinaryPackage>> _found = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<BinaryPackage>> _providers = new(StringComparer.Ordinal);
    private readonly Dictionary<int, BinaryPackage> _packages = [];

    private DebianIndex(IndexImage image) => _image = image;

    /// <summary>Debian's name of the architecture; packages of <c>all</c> are in every index.</summary>
    public string Architecture => _image.Architecture;

    /// <summary>The releases, in the order of the sources.</summary>
    public IReadOnlyList<LockedRelease> Releases => _image.Releases;

    /// <summary>The number of packages, counting each version.</summary>
    public int Count => _image.PackageCount;

    /// <summary>Every package's name, sorted by ordinal.</summary>
    public IEnumerable<string> Names => Enumerable.Range(0, _image.NameCount).Select(_image.Name);

    /// <summary>
    /// Parses Packages files, in the order of the sources (apt breaks its last ties by that order).
    /// </summary>
    public static DebianIndex Parse(string architecture, IEnumerable<PackagesFile> files)
    {
        var builder = new IndexBuilder(architecture);
        foreach (var file in files)
            builder.Add(file);
        return new DebianIndex(builder.Build());
    }

    /// <summary>The index that <see cref="WriteCache"/> wrote; false when the file is missing, of another format or not whole.</summary>
    public static bool TryLoadCache(string path, [NotNullWhen(true)] out DebianIndex? index)
    {
        index = IndexImage.Load(path) is { } image ? new DebianIndex(image) : null;
        return index is not null;
    }

    /// <summary>Writes the index for <see cref="TryLoadCache"/>. The caller commits the file by a rename.</summary>
    public void WriteCache(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        file.Write(_image.Bytes.Span);
    }

    /// <summary>Every version of a package, the one that apt would choose first, then the others from later to earlier; empty when nobody has it.</summary>
    public IReadOnlyList<BinaryPackage> Find(string name)
    {
        lock (_gate)
        {
            if (!_found.TryGetValue(name, out var list))
                _found.Add(name, list = [.. _image.Find(name).Select(Package)]);
            return list;
        }
    }

    /// <summary>The version that apt would choose, or null.</summary>
    public BinaryPackage? Candidate(string name) => Find(name) is [var first, ..] ? first : null;

    /// <summary>Packages of any version whose Provides names it, in the order of the index; see <see cref="BinaryPackage.Provides"/> for the versions.</summary>
    public IReadOnlyList<BinaryPackage> Providers(string name)
    {
        lock (_gate)
        {
            if (!_providers.TryGetValue(name, out var list))
                _providers.Add(name, list = [.. _image.Providers(name).Select(Package)]);
            return list;
        }
    }

    /// <summary>True when a package has this name or provides it.</summary>
    public bool Knows(string name) => Find(name).Count > 0 || Providers(name).Count > 0;

    /// <summary>The essential packages that apt would choose, in the order of the index.</summary>
    public IReadOnlyList<BinaryPackage> Essential() => Select(_image.IsEssential);

    /// <summary>The packages of a priority that apt would choose, in the order of the index.</summary>
    public IReadOnlyList<BinaryPackage> OfPriority(PackagePriority priority) => Select(number => _image.PriorityOf(number) == priority);

    /// <summary>Names near one that nobody has, nearest first.</summary>
    public IReadOnlyList<string> NamesLike(string name, int count = 3)
    {
        var limit = Math.Clamp(name.Length / 3, 1, 3);
        var near = Names
            .Select(candidate => (candidate, distance: PackageName.Distance(name, candidate, limit)))
            .Where(pair => pair.distance <= limit)
            .OrderBy(pair => pair.distance).ThenBy(pair => pair.candidate, StringComparer.Ordinal)
            .Select(pair => pair.candidate).Take(count).ToList();
        // redis -> redis-server, django -> python3-django: whole words of a longer name.
        if (near.Count < count && name.Length >= 3)
        {
            near.AddRange(Names
                .Where(candidate => !near.Contains(candidate) && candidate.Split('-').Contains(name))
                .OrderBy(candidate => candidate.Length).ThenBy(candidate => candidate, StringComparer.Ordinal)
                .Take(count - near.Count));
        }

        return near;
    }

    private List<BinaryPackage> Select(Func<int, bool> wanted)
    {
        lock (_gate)
        {
            return [.. Enumerable.Range(0, _image.NameCount).Select(_image.First).Where(wanted).Select(Package)
                .OrderBy(package => package.Ordinal)];
        }
    }

    private BinaryPackage Package(int number)
    {
        if (!_packages.TryGetValue(number, out var package))
            _packages.Add(number, package = _image.Package(number));
        return package;
    }
}
