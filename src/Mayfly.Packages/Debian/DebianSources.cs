using System.Net;

namespace Mayfly.Packages.Debian;

/// <summary>Where one release of Debian comes from for one architecture: its suites, their mirrors, a proxy, trusted keys.</summary>
public sealed record DebianSources
{
    private static readonly string[] Pockets = ["", "-updates", "-security"];

    /// <summary>
    /// Suites that nobody but Debian offers with a component <c>main</c> … nearly: others borrow Debian's codenames, so a mirror counts
    /// only once a Release file of its is signed by Debian's keys, and the next one is tried otherwise.
    /// </summary>
    private static readonly HashSet<string> Names = new(StringComparer.Ordinal)
    {
        "buster", "bullseye", "bookworm", "trixie", "forky", "duke", "sid", "stable", "oldstable", "oldoldstable", "testing", "unstable",
    };

    public required string Codename { get; init; }

    /// <summary>Debian's name: <c>amd64</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>The suites, in the order in which apt would break ties.</summary>
    public required IReadOnlyList<DebianSource> Sources { get; init; }

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

    /// <summary>
    /// The user's configuration when it names a mirror, else the host's own apt.
    /// </summary>
    /// <param name="codename">Such as <c>bookworm</c>; it need not be the host's.</param>
    /// <param name="architecture">Such as <c>amd64</c>.</param>
    /// <param name="configuration">What the user says; null to read it (<see cref="DebianConfiguration.Read(DebianConfiguration?)"/>).</param>
    /// <exception cref="MayflyException">Neither names a mirror.</exception>
    public static DebianSources Discover(string codename, string architecture, DebianConfiguration? configuration = null) =>
        Discover(codename, architecture, configuration ?? DebianConfiguration.Read(), AptConfiguration.Read());

    internal static DebianSources Discover(string codename, string architecture, DebianConfiguration configuration, AptConfiguration apt)
    {
        Uri[] depots = [.. (configuration.Depots ?? []).Select(static address => Parse(address.StartsWith('/') ? "file://" + address : address, "the depot"))];
        var alone = configuration.Mirror == DebianConfiguration.None
            || (configuration.Mirror is null && depots.Length > 0 && !apt.Sources.Any(entry => entry.Suites.Any(suite => PocketOf(suite, codename) is not null)));
        if (alone && depots.Length == 0)
        {
            throw new MayflyException("the mirror is \"none\", and no depot is configured either",
                $"name one in {DebianConfiguration.UserFile}:\n  [depot]\n  addresses = [\"http://…:8888/\"]\n  keys = [\"/etc/mayfly/depot.asc\"]");
        }

        IReadOnlyList<DebianSource> sources = alone ? [.. Pockets.Select(pocket => new DebianSource(codename + pocket, depots, ["main"]))]
            : configuration.Mirror is null ? FromApt(codename, architecture, configuration, apt) : FromUser(codename, configuration);
        return new DebianSources
        {
            Codename = codename,
            Architecture = architecture,
            Sources = sources,
            Proxy = AptProxy.From(apt.Options),
            Keys = configuration.Keys,
            Depots = depots,
            DepotKeys = configuration.DepotKeys,
            OnlyDepots = alone,
        };
    }

    /// <summary>Where packages of a suite may lie: the depots, then its mirrors.</summary>
    internal IReadOnlyList<Uri> PlacesOf(string suite) => [.. Depots.Concat(MirrorsOf(suite)).Distinct()];

    private IReadOnlyList<Uri> MirrorsOf(string suite) => Sources.FirstOrDefault(source => source.Suite == suite) is { } source ? source.Mirrors
        : Depots.Count > 0 ? []
        : throw new MayflyException($"the lock takes packages from the suite {suite}, but no mirror of it is known here ({string.Join(", ", Sources.Select(static source => source.Suite))} are)",
            $"add it to the host's apt sources or set the mirror in {DebianConfiguration.UserFile}; without stack.lock, `mayfly lock` locks anew without that suite");

    private static IReadOnlyList<DebianSource> FromUser(string codename, DebianConfiguration configuration)
    {
        var components = configuration.Components ?? ["main"];
        var mirror = Parse(configuration.Mirror!, "the mirror");
        var sources = new List<DebianSource> { new(codename, [mirror], components) };
        if (configuration.Security is null)
        {
            throw new MayflyException("a mirror is configured, but none for Debian's security updates",
                $"set MAYFLY_SECURITY_MIRROR, or write below [debian] in {DebianConfiguration.UserFile}:\n  security = \"http://…/debian-security\"  # or \"none\" to do without");
        }

        sources.Add(new(codename + "-updates", [mirror], components));
        if (configuration.Security != DebianConfiguration.None)
            sources.Add(new(codename + "-security", [Parse(configuration.Security, "the security mirror")], components));
        return sources;
    }

    private static IReadOnlyList<DebianSource> FromApt(string codename, string architecture, DebianConfiguration configuration, AptConfiguration apt)
    {
        var sources = new List<DebianSource>();
        foreach (var pocket in Pockets)
        {
            var entries = apt.Sources
                .Where(entry => entry.Components.Contains("main") && (entry.Architectures.Count == 0 || entry.Architectures.Contains(architecture)))
                .Where(entry => entry.Suites.Any(suite => PocketOf(suite, codename) == pocket))
                // Debian's own keyring named: surely Debian; those go first.
                .OrderBy(static entry => entry.SignedBy.Contains("debian-archive", StringComparison.Ordinal) ? 0 : 1)
                .ToArray();
            var mirrors = entries.SelectMany(static entry => entry.Uris).SelectMany(uri => Mirrors(uri, architecture)).Distinct().ToArray();
            if (mirrors.Length > 0)
                sources.Add(new(codename + pocket, mirrors, configuration.Components ?? [.. entries.SelectMany(static entry => entry.Components).Distinct()]));
        }

        if (sources.FirstOrDefault()?.Suite == codename)
            return sources;
        throw new MayflyException($"no mirror of Debian {codename} is known: the host's apt names none, and no configuration does",
            $"""
            write into {(Environment.IsPrivilegedProcess ? DebianConfiguration.SystemFile : DebianConfiguration.UserFile)}, with the address of a mirror near you:
              [debian]
              mirror = "http://…/debian"
              security = "http://…/debian-security"
            or set MAYFLY_MIRROR and MAYFLY_SECURITY_MIRROR
            """);
    }

    /// <summary>Which part of a release a suite's name means (<c>-security</c>, also in its form up to buster), or null when it is none of Debian's.</summary>
    private static string? PocketOf(string suite, string codename)
    {
        var name = suite.TrimEnd('/').Replace("/updates", "-security", StringComparison.Ordinal);
        var dash = name.IndexOf('-', StringComparison.Ordinal);
        var (release, pocket) = dash < 0 ? (name, "") : (name[..dash], name[dash..]);
        return Pockets.Contains(pocket) && (release == codename || Names.Contains(release)) ? pocket : null;
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
