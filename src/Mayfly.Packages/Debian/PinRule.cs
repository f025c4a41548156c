namespace Mayfly.Packages.Debian;

/// <summary>A <see cref="Pin"/> that is found sound, ready to be asked.</summary>
internal sealed class PinRule
{
    private const string Hint = "apt_preferences(5) has the forms: .Pin(\"nginx\", \"1.22.*\", 1001), .Pin(\"*\", \"release n=bookworm-backports\", 200)";

    private static readonly Dictionary<char, Func<PackageList, string>> Criteria = new()
    {
        ['o'] = static list => list.Release.Origin,
        ['a'] = static list => list.Release.Suite,
        ['n'] = static list => list.Release.Codename,
        ['l'] = static list => list.Release.Label,
        ['c'] = static list => list.Component,
    };

    private readonly List<Func<BinaryPackage, bool>> _names = [];
    private readonly Func<PackageList, bool>? _list;
    private readonly Func<string, bool>? _version;
    private readonly TextPattern? _site;

    /// <exception cref="MayflyException">The pin means nothing.</exception>
    public PinRule(Pin pin)
    {
        Pin = pin;
        var space = pin.Match.IndexOf(' ', StringComparison.Ordinal);
        var (kind, data) = space < 0 ? ("", "") : (pin.Match[..space], pin.Match[(space + 1)..].Trim());
        if (pin.Priority is 0 or < short.MinValue or > short.MaxValue)
            throw new MayflyException($"the pin of {pin.Packages} has the priority {pin.Priority}", "it is a number from -32768 to 32767, but not 0");
        if (pin.Packages.Trim().Length == 0 || data.Length == 0 || pin.ToString().AsSpan().ContainsAny('\n', '\r'))
            throw new MayflyException($"the pin of '{pin.Packages}' to '{pin.Match}' means nothing", Hint);
        try
        {
            if (!IsGeneral)
                _names.AddRange(pin.Packages.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Name));
            switch (kind)
            {
                case "version" when IsGeneral:
                    throw new MayflyException($"a version is pinned for all packages ({pin.Match})", "name the packages that it is of, or pin a release for all");
                case "version":
                    _version = Version(data);
                    break;
                case "release":
                    _list = Release(data);
                    break;
                case "origin":
                    _site = new TextPattern(data.Trim('"'));
                    break;
                default:
                    throw new MayflyException($"the pin of {pin.Packages} to '{pin.Match}' means nothing", Hint);
            }
        }
        catch (ArgumentException e)
        {
            throw new MayflyException($"the pin of {pin.Packages} to '{pin.Match}' has a malformed pattern: {e.Message}", Hint, e);
        }
    }

    public Pin Pin { get; }

    /// <summary>True when it is of all packages: apt weighs such by the lists that offer them.</summary>
    public bool IsGeneral => Pin.Packages == "*";

    /// <summary>True when it speaks of this package, whatever the version.</summary>
    public bool Names(BinaryPackage package) => _names.Any(name => name(package));

    /// <summary>True when a list is what it matches.</summary>
    /// <param name="list">The list.</param>
    /// <param name="hosts">Those that the list may come from.</param>
    public bool Matches(PackageList list, IReadOnlyList<string> hosts) => _list?.Invoke(list) ?? (_site is not null && hosts.Any(_site.Matches));

    /// <summary>True when it matches by the version, false when not, null when it asks for the lists.</summary>
    public bool? Matches(DebianVersion version) => _version?.Invoke(version.Text);

    private static Func<BinaryPackage, bool> Name(string text)
    {
        if (text.StartsWith("src:", StringComparison.Ordinal))
        {
            var source = new TextPattern(text[4..]);
            return package => source.Matches(package.Source);
        }

        // A name without an architecture means the native one alone.
        var colon = text.StartsWith('/') ? -1 : text.LastIndexOf(':');
        var name = new TextPattern(colon < 0 ? text : text[..colon]);
        var architecture = colon < 0 ? "native" : text[(colon + 1)..];
        return package => name.Matches(package.Name) && (architecture == "any" || (architecture == "native" ? !package.IsForeign : architecture == package.Home));
    }

    private static Func<string, bool> Version(string data)
    {
        // A star at the end means a beginning, in either case, and what stands before it is the pattern; else the text, or a pattern of it.
        var text = data.EndsWith('*') ? data[..^1] : data;
        var pattern = new TextPattern(text);
        return data.EndsWith('*')
            ? version => version.StartsWith(text, StringComparison.OrdinalIgnoreCase) || pattern.Matches(version)
            : version => version.Equals(data, StringComparison.OrdinalIgnoreCase) || pattern.Matches(version);
    }

    private static Func<PackageList, bool> Release(string data)
    {
        if (data == "*")
            return static _ => true;
        if (!data.Contains('='))
        {
            var either = new TextPattern(data);
            return list => either.Matches(list.Release.Suite) || either.Matches(list.Release.Codename);
        }

        var criteria = new List<(Func<PackageList, string> Of, TextPattern Pattern)>();
        foreach (var part in data.Split(',', StringSplitOptions.TrimEntries))
        {
            if (part.Length < 3 || part[1] != '=' || !Criteria.TryGetValue(char.ToLowerInvariant(part[0]), out var of))
                throw new MayflyException($"the pin to the release '{data}' has the criterion '{part}'", "a= (suite), n= (codename), o= (origin), l= (label) and c= (component) are known");
            criteria.Add((of, new TextPattern(part[2..])));
        }

        return list => criteria.All(criterion => criterion.Pattern.Matches(criterion.Of(list)));
    }
}
