using System.Security.Cryptography;
using System.Text;

namespace Mayfly.Packages.Python;

/// <summary>What a distribution says of itself: the file <c>METADATA</c> of a wheel, <c>PKG-INFO</c> of sources; the core metadata specification, up to 2.4.</summary>
public sealed record CoreMetadata
{
    /// <summary>More than any project writes; a hostile one shall not fill the memory.</summary>
    public const int Largest = 16 << 20;

    public required ProjectName Name { get; init; }

    public required PythonVersion Version { get; init; }

    public string Summary { get; init; } = "";

    /// <summary>Which interpreters it is for; any where it says nothing, or nothing that can be read.</summary>
    public VersionSpecifier RequiresPython { get; init; } = VersionSpecifier.Any;

    /// <summary>What it says in <c>Requires-Python</c> where that is no specifier of versions; installers go on as if nothing were said. Null otherwise.</summary>
    public string? UnreadPython { get; init; }

    public IReadOnlyList<DependencySpecifier> Requires { get; init; } = [];

    /// <summary>The optional parts that can be asked for.</summary>
    public IReadOnlyList<ProjectName> Extras { get; init; } = [];

    /// <summary>An SPDX expression (PEP 639); null in older metadata.</summary>
    public string? LicenceExpression { get; init; }

    /// <summary>In the project's own words; null when it says nothing.</summary>
    public string? Licence { get; init; }

    public IReadOnlyList<string> LicenceFiles { get; init; } = [];

    public IReadOnlyList<string> Classifiers { get; init; } = [];

    /// <summary>SHA-256 of the file, in small hexadecimal digits.</summary>
    public string Sha256 { get; init; } = "";

    /// <summary>How many bytes the file has.</summary>
    public int Length { get; init; }

    /// <summary>Reads it.</summary>
    /// <param name="bytes">The file, in UTF-8.</param>
    /// <param name="origin">What it belongs to, for messages.</param>
    /// <exception cref="MayflyException">It says no name or version, or a dependency that cannot be read.</exception>
    public static CoreMetadata Read(ReadOnlySpan<byte> bytes, string origin)
    {
        const string Hint = "the project must mend it; take another version of it, or a file of it that says so rightly";
        if (bytes.Length > Largest)
            throw new MayflyException($"the metadata of {origin} have {bytes.Length / 1e6:0} MB, more than any project's", Hint);
        List<DependencySpecifier> requires = [];
        List<ProjectName> extras = [];
        List<string> classifiers = [], files = [];
        Dictionary<string, string> single = new(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in Fields(Encoding.UTF8.GetString(bytes)))
        {
            switch (name.ToLowerInvariant())
            {
                case "requires-dist":
                    try
                    {
                        requires.Add(DependencySpecifier.Parse(value));
                    }
                    catch (MayflyException e)
                    {
                        throw new MayflyException($"the metadata of {origin} cannot be used: {e.Message}", Hint, e);
                    }

                    break;
                case "provides-extra" when ProjectName.IsValid(value):
                    extras.Add(ProjectName.Parse(value));
                    break;
                case "provides-extra":
                    break; // Nobody can ask for it.
                case "classifier":
                    classifiers.Add(value);
                    break;
                case "license-file":
                    files.Add(value);
                    break;
                default:
                    single.TryAdd(name, value);
                    break;
            }
        }

        if (!single.TryGetValue("Name", out var project) || !ProjectName.IsValid(project))
            throw new MayflyException(project is null ? $"the metadata of {origin} say no name" : $"the metadata of {origin} say the name '{project}', which is none", Hint);
        if (!single.TryGetValue("Version", out var text) || PythonVersion.TryParse(text) is not { } version)
            throw new MayflyException(text is null ? $"the metadata of {origin} say no version" : $"the metadata of {origin} say the version '{text}', which is none", Hint);
        var python = single.GetValueOrDefault("Requires-Python") is { } written ? VersionSpecifier.TryParse(written) : VersionSpecifier.Any;
        return new CoreMetadata
        {
            Name = ProjectName.Parse(project),
            Version = version,
            Summary = single.GetValueOrDefault("Summary") ?? "",
            RequiresPython = python ?? VersionSpecifier.Any,
            UnreadPython = python is null ? single["Requires-Python"] : null,
            Requires = requires,
            Extras = extras,
            LicenceExpression = single.GetValueOrDefault("License-Expression"),
            Licence = single.GetValueOrDefault("License"),
            LicenceFiles = files,
            Classifiers = classifiers,
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes)),
            Length = bytes.Length,
        };
    }

    /// <summary>The headers of a message (RFC 822) as far as the first empty line; what follows is a description for people. A line that begins with a blank goes on with the one before.</summary>
    internal static IEnumerable<(string Name, string Value)> Fields(string text)
    {
        string? name = null;
        var value = new StringBuilder();
        foreach (var raw in text.Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n', '\r'))
        {
            if (raw.Length == 0)
                break;
            if (raw[0] is ' ' or '\t')
            {
                value.Append('\n').Append(raw);
                continue;
            }

            if (name is not null)
                yield return (name, value.ToString().Trim());
            var colon = raw.IndexOf(':');
            // Not a header: the message's body began without an empty line.
            if (colon <= 0 || raw.AsSpan(0, colon).ContainsAnyExceptInRange('!', '~'))
            {
                name = null;
                break;
            }

            name = raw[..colon];
            value.Clear().Append(raw.AsSpan(colon + 1));
        }

        if (name is not null)
            yield return (name, value.ToString().Trim());
    }
}
