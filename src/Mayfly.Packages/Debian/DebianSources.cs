using System.Net;

namespace Mayfly.Packages.Debian;

/// <summary>Where one release of Debian comes from for one architecture: its suites, their mirrors, a proxy, trusted keys.</summary>
public sealed record DebianSources
{
    public required string Codename { get; init; }

    /// <summary>Debian's name: <c>amd64</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>The suites, in the order in which apt would break ties.</summary>
    public required IReadOnlyList<DebianSource> Sources { get; init; }

    /// <summary>Foreign architectures, whose packages are in the index too.</summary>
    public IReadOnlyList<string> Foreign { get; init; } = [];

    /// <summary>What the host's apt or the environment goes through; null for neither.</summary>
    public IWebProxy? Proxy { get; init; }

    /// <summary>Files with keys that the user trusts besides those that Mayfly brings.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>Depots, which are asked for packages before any mirror; they lie there under the lock's pool paths.</summary>
    public IReadOnlyList<Uri> Depots { get; init; } = [];

    /// <summary>Files with the keys that may sign a depot's indexes, and nothing else.</summary>
    public IReadOnlyList<string> DepotKeys { get; init; } = [];

    /// <summary>True when there is no mirror, so that indexes come from the depots too.</summary>
    public bool OnlyDepots { get; init; }

    /// <summary>Why no index can be had from here, when only depots are known; null when one can.</summary>
    internal MayflyException? NoIndex { get; init; }

    /// <summary>The address of a service of snapshots, which has what the mirrors dropped; null when none is known.</summary>
    public string? SnapshotService { get; init; }

    /// <summary>
    /// The user's configuration when it names a mirror, else the host's own apt; with a snapshot's day, that snapshot.
    /// </summary>
    /// <param name="codename">Such as <c>bookworm</c>; it need not be the host's.</param>
    /// <param name="architecture">Such as <c>amd64</c>.</param>
    /// <param name="configuration">What the user says; null to read it (<see cref="DebianConfiguration.Read(DebianConfiguration?, string)"/>).</param>
    /// <exception cref="MayflyException">The release is not known, or neither names a mirror.</exception>
    public static DebianSources Discover(string codename, string architecture, DebianConfiguration? configuration = null) =>
        Discover(codename, architecture, configuration ?? DebianConfiguration.Read(table: ReleaseLayout.Of(codename).Distribution.Name), AptConfiguration.Read());

    /// <summary>The same with what a stack prefers besides: its further suites, from where the release itself comes from, and its foreign architectures.</summary>
    public DebianSources With(DebianPreferences preferences) => this with
    {
        Foreign = preferences.Architectures,
        Sources =
        [
            .. Sources,
            .. preferences.Suites.Where(suite => Sources.All(source => source.Suite != suite)).Select(suite =>
                Sources.FirstOrDefault(source => ReleaseLayout.OfSuite(source.Suite)?.Suite.Archive == ReleaseLayout.OfSuite(suite)?.Suite.Archive) is { } same
                    ? same with { Suite = suite } : Sources[0] with { Suite = suite }),
        ],
    };

    internal static DebianSources Discover(string codename, string architecture, DebianConfiguration configuration, AptConfiguration apt, TimeProvider? clock = null)
    {
        var layout = ReleaseLayout.Of(codename);
        var table = layout.Distribution.Name;
        var time = configuration.Snapshot is { } day ? Snapshot.Parse(day, (clock ?? TimeProvider.System).GetUtcNow()) : (DateTimeOffset?)null;
        Uri[] depots = [.. (configuration.Depots ?? []).Select(static address => Parse(address.StartsWith('/') ? "file://" + address : address, "the depot"))];
        var alone = time is null && (configuration.Mirror == DebianConfiguration.None
            || (configuration.Mirror is null && depots.Length > 0 && OfApt(layout, architecture, configuration, apt).Count == 0));
        if (alone && depots.Length == 0)
        {
            throw new MayflyException("the mirror is \"none\", and no depot is configured either",
                $"name one in {DebianConfiguration.UserFile}:\n  [depot]\n  addresses = [\"http://…:8888/\"]\n  keys = [\"/etc/mayfly/depot.asc\"]");
        }

        IReadOnlyList<DebianSource> sources = [];
        MayflyException? noIndex = null;
        try
        {
            sources = alone ? [.. layout.Suites.Select(suite => new DebianSource(suite.Suite, depots, ["main"]) { SeenAs = SeenRelease.OfDepots(depots) })]
                : time is not null ? FromSnapshot(layout, architecture, configuration, apt, new Snapshot(time.Value, Snapshot.CheckService(configuration.Snapshots, configuration.Snapshot!, table)))
                : configuration.Mirror is null ? FromApt(layout, architecture, configuration, apt) : FromUser(layout, configuration);
        }
        catch (MayflyException e) when (depots.Length > 0)
        {
            // A lock can be built from depots alone; only who wants to choose packages needs an index.
            noIndex = e;
        }

        return new DebianSources
        {
            Codename = codename,
            Architecture = architecture,
            Sources = sources,
            NoIndex = noIndex,
            Proxy = AptProxy.From(apt.Options),
            Keys = configuration.Keys,
            Depots = depots,
            DepotKeys = configuration.DepotKeys,
            OnlyDepots = alone,
            SnapshotService = configuration.Snapshots is { } service ? Snapshot.CheckService(service, "", table) : null,
        };
    }

    /// <summary>Where a package of a lock may be had, the nearest first: depots, mirrors, the snapshot of its release's day.</summary>
    /// <param name="suite">The suite that it was chosen from.</param>
    /// <param name="release">The same as the lock has it, when the lock is at hand: it names the day.</param>
    internal IReadOnlyList<Uri> PlacesOf(string suite, LockedRelease? release = null)
    {
        var source = Sources.FirstOrDefault(source => source.Suite == suite);
        var places = new List<Uri>(Depots);
        places.AddRange([.. source?.Pools ?? [], .. source?.Mirrors ?? []]);
        // A day later than the Release file: by then the service has that state, and archives keep a replaced package for longer.
        if (SnapshotService is { } service && release is not null && ReleaseLayout.OfSuite(suite) is { } known)
            places.Add(new Snapshot((release.Snapshot ?? release.Date.AddDays(1)).ToUniversalTime(), service).Root(known.Suite.Archive));
        if (places.Count > 0)
            return [.. places.Distinct()];
        throw new MayflyException($"the lock takes packages from the suite {suite}, but no mirror of it is known here ({string.Join(", ", Sources.Select(static source => source.Suite))} are)",
            $"add it to the host's apt sources or set the mirror in {DebianConfiguration.UserFile}; without stack.lock, `mayfly lock` locks anew without that suite");
    }

    /// <summary>Every suite from the snapshot: what the service does not have is missing, and not taken from elsewhere.</summary>
    private static IReadOnlyList<DebianSource> FromSnapshot(ReleaseLayout layout, string architecture, DebianConfiguration configuration, AptConfiguration apt, Snapshot snapshot)
    {
        var live = configuration.Mirror == DebianConfiguration.None ? [] : configuration.Mirror is not null ? FromUser(layout, configuration with { Security = configuration.Security ?? DebianConfiguration.None }) : OfApt(layout, architecture, configuration, apt);
        return
        [
            .. layout.Suites.Where(suite => !suite.Security || configuration.Security != DebianConfiguration.None).Select(suite =>
                new DebianSource(suite.Suite, [snapshot.Root(suite.Archive)], configuration.Components ?? layout.Distribution.Components)
                {
                    Snapshot = snapshot,
                    Pools = live.FirstOrDefault(source => source.Suite == suite.Suite)?.Mirrors ?? [],
                }),
        ];
    }

    private static IReadOnlyList<DebianSource> FromUser(ReleaseLayout layout, DebianConfiguration configuration)
    {
        var mirror = Parse(configuration.Mirror!, "the mirror");
        var sources = new List<DebianSource>();
        foreach (var suite in layout.Suites.Where(suite => !suite.Security || configuration.Security != DebianConfiguration.None))
        {
            var root = !suite.Security ? mirror
                : configuration.Security is { } security ? Parse(security, "the security mirror")
                : suite.Archive == layout.Suites[0].Archive ? mirror
                : throw new MayflyException($"a mirror is configured, but none for {layout.Distribution.Title}'s security updates",
                    $"set MAYFLY_SECURITY_MIRROR, or write below [{layout.Distribution.Name}] in {DebianConfiguration.UserFile}:\n  security = \"http://…/{suite.Archive}\"  # or \"none\" to do without");
            sources.Add(new(suite.Suite, [root], configuration.Components ?? layout.Distribution.Components));
        }

        return sources;
    }

    private static IReadOnlyList<DebianSource> FromApt(ReleaseLayout layout, string architecture, DebianConfiguration configuration, AptConfiguration apt)
    {
        var sources = OfApt(layout, architecture, configuration, apt);
        if (sources.FirstOrDefault()?.Suite == layout.Codename)
            return sources;
        var main = layout.Suites[0].Archive;
        var elsewhere = layout.Suites.FirstOrDefault(suite => suite.Archive != main);
        throw new MayflyException($"no mirror of {layout.Distribution.Title} {layout.Codename} is known: the host's apt names none, and no configuration does",
            $"write into {(Environment.IsPrivilegedProcess ? DebianConfiguration.SystemFile : DebianConfiguration.UserFile)}, with the address of a mirror near you:\n"
            + $"  [{layout.Distribution.Name}]\n  mirror = \"http://…/{main}\"\n"
            + (elsewhere is null ? "or set MAYFLY_MIRROR" : $"  security = \"http://…/{elsewhere.Archive}\"\nor set MAYFLY_MIRROR and MAYFLY_SECURITY_MIRROR"));
    }

    private static IReadOnlyList<DebianSource> OfApt(ReleaseLayout layout, string architecture, DebianConfiguration configuration, AptConfiguration apt)
    {
        var sources = new List<DebianSource>();
        foreach (var suite in layout.Suites)
        {
            var entries = apt.Sources
                .Where(entry => entry.Architectures.Count == 0 || entry.Architectures.Contains(architecture))
                .Where(entry => entry.Suites.Any(name => IsPocket(name, layout, layout.PocketOf(suite))))
                // The distribution's own keyring named: surely it; those go first.
                .OrderBy(entry => entry.SignedBy.Contains(layout.Distribution.Keyring, StringComparison.Ordinal) ? 0 : 1)
                .ToArray();
            // Ubuntu's lists long had a line for each component or two: what has no main counts where the same place has it on another line.
            var places = entries.Where(static entry => entry.Components.Contains("main")).SelectMany(static entry => entry.Uris).Select(static uri => uri.TrimEnd('/')).ToHashSet(StringComparer.Ordinal);
            entries = [.. entries.Where(entry => entry.Components.Contains("main") || entry.Uris.All(uri => places.Contains(uri.TrimEnd('/'))))];
            var mirrors = entries.SelectMany(static entry => entry.Uris).SelectMany(uri => Mirrors(uri, architecture)).Distinct().ToArray();
            if (mirrors.Length > 0)
                sources.Add(new(suite.Suite, mirrors, configuration.Components ?? [.. entries.SelectMany(static entry => entry.Components).Distinct()]));
        }

        return sources;
    }

    /// <summary>True for the name of that part (<c>-security</c>, also in its form up to buster) of any release of the distribution.</summary>
    private static bool IsPocket(string suite, ReleaseLayout layout, string pocket)
    {
        var name = suite.TrimEnd('/').Replace("/updates", "-security", StringComparison.Ordinal);
        var dash = name.IndexOf('-', StringComparison.Ordinal);
        return (dash < 0 ? "" : name[dash..]) == pocket && layout.Distribution.Names.Contains(dash < 0 ? name : name[..dash]);
    }

    /// <summary>The addresses behind one of apt's URIs; other methods than these (cdrom, tor …) are left out.</summary>
    private static IEnumerable<Uri> Mirrors(string uri, string architecture)
    {
        uri = uri.Replace("$(ARCH)", architecture, StringComparison.Ordinal);
        // Cloud images list their mirrors in a file: one address a line, metadata behind a tab (apt-transport-mirror(1)).
        if (uri.StartsWith("mirror+file:", StringComparison.Ordinal))
        {
            var list = "/" + uri["mirror+file:".Length..].TrimStart('/');
            return File.Exists(list)
                ? File.ReadLines(list).Select(static line => line.Split('\t', '#')[0].Trim()).Where(static line => line.Length > 0).SelectMany(line => Mirrors(line, architecture))
                : [];
        }

        if (uri.StartsWith("copy:", StringComparison.Ordinal))
            uri = "file:" + uri["copy:".Length..];
        return IsMirror(uri, out var mirror) ? [mirror] : [];
    }

    private static Uri Parse(string text, string what) => IsMirror(text, out var mirror)
        ? mirror
        : throw new MayflyException($"{what} {text} is no address that packages can come from", "give the http://, https:// or file:// address of the folder that holds dists/ and pool/");

    private static bool IsMirror(string text, out Uri mirror)
    {
        var whole = Uri.TryCreate(text.EndsWith('/') ? text : text + "/", UriKind.Absolute, out var uri)
            && uri.Scheme is "http" or "https" or "file";
        mirror = uri!;
        return whole;
    }
}
