using System.Text.RegularExpressions;
using Mayfly.Environments;
using Mayfly.Packages.Python;

namespace Mayfly.Cli.Pip;

/// <summary>A distribution as pip tells of it: with names as its project writes them.</summary>
internal sealed partial class PipDistribution
{
    private readonly List<(string Name, string Value)> _fields = [];

    public PipDistribution(InstalledDistribution installed, string packages)
    {
        Installed = installed;
        foreach (var line in installed.MetadataText().ReplaceLineEndings("\n").Split('\n'))
        {
            if (line.Length == 0)
                break;
            if (char.IsWhiteSpace(line[0]) && _fields.Count > 0)
                _fields[^1] = (_fields[^1].Name, $"{_fields[^1].Value}\n{line}");
            else if (line.IndexOf(':') is > 0 and var colon)
                _fields.Add((line[..colon], line[(colon + 1)..].Trim()));
        }

        Name = Field("Name") is { Length: > 0 } name ? name : installed.Project.Text;
        // One that setuptools has linked is where its sources are, and one that it has put into a folder of its own is there.
        Location = !installed.IsLegacy ? packages : EditableLocation ?? (installed.Information.EndsWith(".egg", StringComparison.Ordinal) ? $"{packages}/{installed.Information}" : packages);
    }

    public InstalledDistribution Installed { get; }

    /// <summary>Where Python finds it.</summary>
    public string Location { get; }

    public string Name { get; }

    public string Version => Installed.Version.ToString();

    /// <summary>The folder of an editable one; null for any other.</summary>
    public string? EditableLocation => Installed.Origin is { IsEditable: true } origin && Uri.TryCreate(origin.Url, UriKind.Absolute, out var place) && place.IsFile ? place.LocalPath : null;

    /// <summary>A field of its metadata; empty when it has none.</summary>
    public string Field(string name) => _fields.Find(one => one.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value ?? "";

    /// <summary>What it needs, as it writes that.</summary>
    public IEnumerable<string> Needs => Installed.IsLegacy ? Installed.Metadata.Requires.Select(static need => need.AsWritten()) : _fields.Where(static one => one.Name.Equals("Requires-Dist", StringComparison.OrdinalIgnoreCase)).Select(static one => one.Value);

    /// <summary>What of it counts here, or all of it where that is not known; what only extras need does not.</summary>
    public IEnumerable<string> NeedsHere(MarkerEnvironment? markers) => Needs.Where(text => markers is null || DependencySpecifier.Parse(text).Holds(markers));

    /// <summary>The name with which a requirement begins.</summary>
    public static string NameOf(string requirement) => NamePart().Match(requirement).Value;

    /// <summary>A requirement as pip prints it: extras and versions in order, no marker.</summary>
    public static string TextOf(string requirement)
    {
        var plain = requirement.Split(';')[0].Split(" #")[0].Trim();
        var name = NameOf(plain);
        var rest = plain[name.Length..].Trim();
        var extras = "";
        if (rest.StartsWith('[') && rest.IndexOf(']') is > 0 and var end)
        {
            extras = $"[{string.Join(',', rest[1..end].Split(',').Select(static one => one.Trim()).Order(StringComparer.Ordinal))}]";
            rest = rest[(end + 1)..];
        }

        return $"{name}{extras}{string.Join(',', rest.Trim(' ', '(', ')').Split(',', StringSplitOptions.RemoveEmptyEntries).Select(static one => one.Replace(" ", "", StringComparison.Ordinal)).Order(StringComparer.Ordinal))}";
    }

    public static IReadOnlyList<PipDistribution> All(VirtualEnvironment environment) =>
        [.. environment.Installed().Select(one => new PipDistribution(one, environment.PackagesFolder)).OrderBy(static one => one.Installed.Project.Text, StringComparer.Ordinal)];

    /// <summary>As <c>pip freeze</c> prints it.</summary>
    public string Frozen()
    {
        if (EditableLocation is not { } place)
            return Installed.Origin is { } origin ? $"{Name} @ {origin.Requirement()}" : $"{Name}=={Version}";
        if (GitCheckout.Find(place) is not { } checkout)
            return $"# Editable install with no version control ({Name}=={Version})\n-e {place}";
        return checkout.Remote is null ? $"# Editable Git install with no remote ({Name}=={Version})\n-e {place}"
            : $"-e {checkout.Remote}@{checkout.Commit}#egg={Name.Replace('-', '_')}{(checkout.Subdirectory is { } inside ? $"&subdirectory={inside}" : "")}";
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]*")]
    private static partial Regex NamePart();
}
