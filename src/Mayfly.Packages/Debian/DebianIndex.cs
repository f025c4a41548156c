using System.Diagnostics.CodeAnalysis;

namespace Mayfly.Packages.Debian;

/// <summary>
/// Every binary package of an architecture that a set of releases offers: candidates by name, providers by virtual name.
/// </summary>
/// <remarks>
/// What it keeps: one block of bytes (see <see cref="IndexImage"/>), the same in memory and in its cache file, so loading maps that
/// file and nothing is parsed; packages become objects when their name is first asked for. It never changes: a new Release file
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

    private readonly VersionPolicy? _policy;

    private DebianIndex(IndexImage image, VersionPolicy? policy = null) => (_image, _policy) = (image, policy);

    /// <summary>Debian's name of the architecture; packages of <c>all</c> are in every index.</summary>
    public string Architecture => _image.Architecture;

    /// <summary>Further architectures that it has packages of; those are found by <c>name:architecture</c>.</summary>
    public IReadOnlyList<string> Foreign => _image.Foreign;

    /// <summary>The lists of packages that it was parsed from.</summary>
    public IReadOnlyList<PackageList> Lists => _image.Lists;

    /// <summary>The hosts that each release may come from, by its id; what a pin's <c>origin</c> is compared with.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Hosts { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>The releases, in the order of the sources.</summary>
    public IReadOnlyList<LockedRelease> Releases => _image.Releases;

    /// <summary>The number of packages, counting each version.</summary>
    public int Count => _image.PackageCount;

    /// <summary>Every package's name, sorted by ordinal.</summary>
    public IEnumerable<string> Names => Enumerable.Range(0, _image.NameCount).Select(_image.Name);

    /// <summary>
    /// Parses Packages files, in the order of the sources (apt breaks its last ties by that order).
    /// </summary>
    /// <param name="architecture">The native one.</param>
    /// <param name="files">The lists of it and of the foreign ones.</param>
    /// <param name="foreign">Further architectures.</param>
    public static DebianIndex Parse(string architecture, IEnumerable<PackagesFile> files, IReadOnlyList<string>? foreign = null)
    {
        var builder = new IndexBuilder(architecture, foreign ?? []);
        foreach (var file in files)
            builder.Add(file);
        return new DebianIndex(builder.Build());
    }

    /// <summary>The same packages, chosen from by pins.</summary>
    /// <exception cref="MayflyException">A pin means nothing.</exception>
    public DebianIndex With(IReadOnlyList<Pin> pins) => pins.Count == 0 ? this : new(_image, new VersionPolicy(Lists, pins, Hosts)) { Hosts = Hosts };

    /// <summary>The same packages, with the hosts that they may come from.</summary>
    public DebianIndex From(IReadOnlyDictionary<string, IReadOnlyList<string>> hosts) => new(_image, _policy) { Hosts = hosts };

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

    /// <summary>Every version of a package, in the order of preference; empty when nobody has it. A foreign one is found as <c>name:architecture</c>.</summary>
    public IReadOnlyList<BinaryPackage> Find(string name)
    {
        lock (_gate)
        {
            if (!_found.TryGetValue(name, out var list))
            {
                list = [.. _image.Find(name).Select(Package)];
                if (_policy is not null)
                    list = [.. list.OrderByDescending(_policy.PriorityOf).ThenByDescending(package => package.Version)];
                _found.Add(name, list);
            }

            return list;
        }
    }

    /// <summary>The version that apt would choose, or null: nobody has it, or pins keep all of them out.</summary>
    public BinaryPackage? Candidate(string name) => Find(name) is [var first, ..] && (_policy is null || _policy.PriorityOf(first) > 0) ? first : null;

    /// <summary>False when pins keep the version out.</summary>
    internal bool IsAllowed(BinaryPackage package) => _policy is null || _policy.PriorityOf(package) >= 0;

    /// <summary>The names that a package of this name has in the architectures of the index: its own, then <c>name:architecture</c>.</summary>
    internal IEnumerable<string> Keys(string name) => Foreign.Count == 0 ? [name] : Foreign.Select(architecture => $"{name}:{architecture}").Prepend(name);

    /// <summary>True when one of the lists that has it is of a release of this suite or codename.</summary>
    internal bool IsOffered(BinaryPackage package, string suite) => Lists.Index().Any(list => (package.OfferedBy & (1UL << list.Index)) != 0 && IsOf(list.Item.Release, suite));

    /// <summary>True when one of its releases has this suite or codename.</summary>
    internal bool HasSuite(string suite) => Lists.Any(list => IsOf(list.Release, suite));

    /// <summary>True when a release has this suite or codename.</summary>
    internal static bool IsOf(LockedRelease release, string suite)
    {
        var pattern = new TextPattern(suite);
        return pattern.Matches(release.Suite) || pattern.Matches(release.Codename) || release.Id == suite;
    }

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

    private List<BinaryPackage> Select(Func<int, bool> wanted)
    {
        lock (_gate)
        {
            return [.. Enumerable.Range(0, _image.NameCount).Select(_image.Run)
                .Where(run => !_image.IsForeign(run.First) && (_policy is null ? wanted(run.First) : Enumerable.Range(run.First, run.Count).Any(wanted)))
                .Select(run => Package(run.First)).Select(first => _policy is null ? first : Candidate(first.Name))
                .OfType<BinaryPackage>().Where(package => wanted(package.Number)).OrderBy(package => package.Ordinal)];
        }
    }

    private BinaryPackage Package(int number)
    {
        if (!_packages.TryGetValue(number, out var package))
            _packages.Add(number, package = _image.Package(number));
        return package;
    }
}
