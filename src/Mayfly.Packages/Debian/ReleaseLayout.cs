namespace Mayfly.Packages.Debian;

/// <summary>What is known of a release before anything of it was fetched: the table <c>Releases.toml</c>, which is data and not code.</summary>
public sealed record ReleaseLayout
{
    private static readonly Lazy<IReadOnlyList<ReleaseLayout>> Table = new(Read);

    /// <summary>Such as <c>bookworm</c>.</summary>
    public required string Codename { get; init; }

    /// <summary>Its number: <c>12</c>, <c>24.04</c>.</summary>
    public required string Version { get; init; }

    public required Distribution Distribution { get; init; }

    /// <summary>In the order in which apt would break ties: the release itself first.</summary>
    public required IReadOnlyList<SuiteLayout> Suites { get; init; }

    /// <summary>All that are known.</summary>
    public static IReadOnlyList<ReleaseLayout> All => Table.Value;

    /// <exception cref="MayflyException">It is not known.</exception>
    public static ReleaseLayout Of(string codename) => All.FirstOrDefault(release => release.Codename == codename)
        ?? throw new MayflyException($"the release {codename} is not known", $"these are: {string.Join(", ", All.Select(static release => $"{release.Distribution.Name}:{release.Codename}"))}");

    /// <summary>The suite of that name and the release that it belongs to; null for those of nobody known.</summary>
    internal static (ReleaseLayout Release, SuiteLayout Suite)? OfSuite(string suite)
    {
        foreach (var release in All)
        {
            if (release.Suites.FirstOrDefault(one => one.Suite == suite) is { } found)
                return (release, found);
        }

        return null;
    }

    /// <summary>Where in the host's sources lists a suite stands: what follows the release's name.</summary>
    internal string PocketOf(SuiteLayout suite) => suite.Suite[Codename.Length..];

    private static IReadOnlyList<ReleaseLayout> Read()
    {
        using var stream = typeof(ReleaseLayout).Assembly.GetManifestResourceStream($"{typeof(ReleaseLayout).Namespace}.Releases.toml")!;
        using var reader = new StreamReader(stream);
        var document = new LockText(reader.ReadToEnd()).Read();
        var distributions = Tables("distributions").Select(static entry =>
        {
            var fields = LockReader.Fields(entry, "name", "title", "origin", "components", "keyring", "names");
            return new Distribution
            {
                Name = LockReader.Text(fields["name"]),
                Title = LockReader.Text(fields["title"]),
                Origin = LockReader.Text(fields["origin"]),
                Components = LockReader.Texts(fields["components"]),
                Keyring = LockReader.Text(fields["keyring"]),
                Names = LockReader.Texts(fields["names"]),
            };
        }).ToDictionary(static distribution => distribution.Name);
        return [.. Tables("releases").Select(entry =>
        {
            var fields = LockReader.Fields(entry, "codename", "version", "distribution", "suites");
            return new ReleaseLayout
            {
                Codename = LockReader.Text(fields["codename"]),
                Version = LockReader.Text(fields["version"]),
                Distribution = distributions[LockReader.Text(fields["distribution"])],
                Suites = [.. LockReader.List(fields["suites"]).Select(static suite => Suite(new LockEntry(suite.Line, "suites", suite)))],
            };
        })];

        IEnumerable<LockEntry> Tables(string name) => document.Where(entry => entry.Key == name);
    }

    private static SuiteLayout Suite(LockEntry entry)
    {
        var fields = LockReader.Fields(entry, "suite", "codename", "label", "archive", "security", "keys");
        return new SuiteLayout(
            LockReader.Text(fields["suite"]), LockReader.Text(fields["codename"]), LockReader.Text(fields["label"]), LockReader.Text(fields["archive"]),
            (bool)fields["security"].Value, LockReader.Texts(fields["keys"]));
    }
}
